import Foundation

/// A program run to its end, in a process group of its own.
///
/// The whole group is killed when the time is up, when a signal ends this process and, by the
/// `Guardian`, when this process is killed. Standard input is empty.
package struct ChildProcess: Sendable {
  package var executable: String
  package var arguments: [String]
  /// Where it runs; nil: where this process does.
  package var folder: String?
  package var timeLimitSeconds: Int

  package init(
    executable: String, arguments: [String], folder: String? = nil, timeLimitSeconds: Int
  ) {
    self.executable = executable
    self.arguments = arguments
    self.folder = folder
    self.timeLimitSeconds = timeLimitSeconds
  }

  package struct Outcome: Sendable {
    /// The exit status, 128 + n after signal n; nil when the time was up.
    package var status: Int32?
    /// Standard output and error together.
    package var output: [UInt8]
  }

  package func run() throws(SystemError) -> Outcome {
    let temporary = try TemporaryFolder()
    defer { temporary.remove() }
    // A file, not a pipe: nothing to drain while it runs.
    let log = try Posix.open(temporary.path + "/log", O_RDWR | O_CREAT | O_EXCL)
    defer { try? Posix.close(log) }
    let group = try Leftovers.enter { () throws(SystemError) -> pid_t in
      let group = try start(log: log, temporaryFolder: temporary.path)
      Guardian.watch(group)
      return group
    }
    let isDone = wait(for: group)
    // What it started itself ends with it. It is not yet reaped, so the number is still its own.
    kill(-group, SIGKILL)
    var raw: Int32 = 0
    while unsafe waitpid(group, &raw, 0) < 0, errno == EINTR {}
    Leftovers.strike(group: group)
    Guardian.release(group)
    guard lseek(log, 0, SEEK_SET) == 0 else { throw .last }
    let output = try Posix.read(log, limit: .max)
    let signal = raw & 0x7f
    return Outcome(
      status: isDone ? (signal == 0 ? (raw >> 8) & 0xff : 128 + signal) : nil, output: output)
  }

  /// Until it ends, without reaping it; false when the time is up.
  private func wait(for child: pid_t) -> Bool {
    let start = ContinuousClock.now
    var microseconds: UInt32 = 500
    while true {
      var information = unsafe siginfo_t()
      let result = unsafe waitid(
        P_PID, id_t(child), &information, WEXITED | WNOWAIT | WNOHANG)
      if result == 0, unsafe information.si_signo != 0 { return true }
      // Nothing to wait for: a parent that ignores SIGCHLD has it reaped already.
      if result != 0, errno == ECHILD { return true }
      if ContinuousClock.now - start > .seconds(timeLimitSeconds) { return false }
      usleep(microseconds)
      microseconds = min(microseconds * 2, 10_000)
    }
  }

  /// Its own temporary files go with ours: a compiler that is killed leaves them.
  private func start(log: Int32, temporaryFolder: String) throws(SystemError) -> pid_t {
    try Spawn(
      executable: executable, arguments: arguments, folder: folder, input: nil, output: log,
      temporaryFolder: temporaryFolder
    ).start()
  }
}
