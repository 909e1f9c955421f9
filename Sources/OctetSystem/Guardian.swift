import Foundation
import Synchronization

/// Ends children and removes temporary folders when this process is killed outright (SIGKILL,
/// out of memory) and can do neither itself.
///
/// It is a shell that reads a pipe of ours. It is told of every group, and when the pipe ends,
/// because this process did, kills the groups that are left. Without a shell nothing is guarded.
enum Guardian {
  /// `$1` is the folder of this process's temporary files.
  private static let script = """
    trap '' INT TERM HUP QUIT PIPE
    groups=
    while read -r sign group; do
      case $sign in
      +) groups="$groups $group" ;;
      -) rest=
        for one in $groups; do [ "$one" = "$group" ] || rest="$rest $one"; done
        groups=$rest ;;
      esac
    done
    for one in $groups; do kill -KILL -- "-$one" 2>/dev/null; done
    if [ -n "$groups" ]; then
      rm -rf -- "$1" || { sleep 1; rm -rf -- "$1"; }
    fi
    """

  private struct State {
    /// Where it is told; -1 when there is none.
    var pipe: Int32 = -1
    /// Its number, to be reaped when the process goes on without children.
    var process: pid_t = 0
    var watchedCount = 0
  }

  private static let state = Mutex(State())

  static func watch(_ group: pid_t) {
    state.withLock { state in
      if state.pipe < 0 { start(&state) }
      state.watchedCount += 1
      tell("+ \(group)", state)
    }
  }

  /// The last one lets it go.
  static func release(_ group: pid_t) {
    state.withLock { state in
      tell("- \(group)", state)
      state.watchedCount -= 1
      guard state.watchedCount == 0, state.pipe >= 0 else { return }
      try? Posix.close(state.pipe)
      state.pipe = -1
      var status: Int32 = 0
      while unsafe waitpid(state.process, &status, 0) < 0, errno == EINTR {}
    }
  }

  private static func start(_ state: inout State) {
    guard let pipe = try? Posix.makePipe() else { return }
    let spawn = Spawn(
      executable: "/bin/sh",
      arguments: ["-c", script, "octet-guardian", TemporaryFolder.root ?? "/nonexistent"],
      folder: "/", input: pipe.read, output: nil)
    if let process = try? spawn.start() {
      state.pipe = pipe.write
      state.process = process
    } else {
      try? Posix.close(pipe.write)
    }
    try? Posix.close(pipe.read)
  }

  private static func tell(_ line: String, _ state: State) {
    if state.pipe >= 0 { try? Posix.write(Array((line + "\n").utf8), to: state.pipe) }
  }
}
