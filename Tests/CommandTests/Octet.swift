import Foundation
import Synchronization
import Testing

/// What one run of the tool did.
struct Run: Sendable {
  /// The exit status; 128 + n after signal n.
  var status: Int32
  var stdout: String
  var stderr: String

  /// Standard output as one JSON object.
  func json() throws -> [String: Any] {
    let value = try JSONSerialization.jsonObject(with: Data(stdout.utf8))
    return try #require(value as? [String: Any], "not an object: \(stdout)")
  }
}

/// Runs the built `octet` with the arguments, in `folder` when it matters.
///
/// - Parameters:
///   - environment: added to a plain one: UTF-8 locale, no `NO_COLOR`.
///   - signals: each is sent when its text has come on standard error, in this order.
///   - timeout: seconds; then the tool is killed and the test fails.
func octet(
  _ arguments: String..., in folder: URL? = nil, environment: [String: String] = [:],
  signals: [Signal] = [], timeout: Double = 180
) async throws -> Run {
  try await octet(
    arguments, in: folder, environment: environment, signals: signals, timeout: timeout)
}

func octet(
  _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:],
  signals: [Signal] = [], timeout: Double = 180
) async throws -> Run {
  try await run(
    try BuiltTool.url(of: "octet"), arguments, in: folder, environment: environment,
    signals: signals, timeout: timeout)
}

/// Runs `Tests/CommandProbe`, whose verbs wait and write as no verb of `octet` should.
func probe(
  _ arguments: String..., in folder: URL? = nil, signals: [Signal] = []
) async throws -> Run {
  try await run(
    try BuiltTool.url(of: "command-probe"), arguments, in: folder, environment: [:],
    signals: signals, timeout: 60)
}

/// A signal and the text on standard error that it waits for.
struct Signal: Sendable {
  var number: Int32
  var marker: String

  init(_ number: Int32, after marker: String) {
    self.number = number
    self.marker = marker
  }

  /// Whether this process, and so its children, have Ctrl-C ignored, as under `nohup … &`.
  static var isInterruptIgnored: Bool {
    let old = signal(SIGINT, SIG_IGN)
    signal(SIGINT, old)
    return unsafeBitCast(old, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
  }
}

/// Runs a shell script in which `$OCTET` is the tool and `$PROBE` the probe: for pipes,
/// redirections and limits.
func shell(
  _ script: String, in folder: URL? = nil, environment: [String: String] = [:],
  timeout: Double = 180
) async throws -> Run {
  var environment = environment
  environment["OCTET"] = try BuiltTool.url(of: "octet").path
  environment["PROBE"] = try BuiltTool.url(of: "command-probe").path
  return try await run(
    URL(fileURLWithPath: "/bin/sh"), ["-c", script], in: folder, environment: environment,
    signals: [], timeout: timeout)
}

private func run(
  _ executable: URL, _ arguments: [String], in folder: URL?, environment: [String: String],
  signals: [Signal], timeout: Double
) async throws -> Run {
  let process = Process()
  process.executableURL = executable
  process.arguments = arguments
  process.currentDirectoryURL = folder
  var all = ProcessInfo.processInfo.environment.merging(["LC_ALL": "C.UTF-8"]) { $1 }
  all["NO_COLOR"] = nil
  process.environment = all.merging(environment) { $1 }
  process.standardInput = FileHandle.nullDevice
  let (output, error) = (Pipe(), Pipe())
  process.standardOutput = output
  process.standardError = error
  try process.run()
  let pid = process.processIdentifier
  let watchdog = Task {
    try await Task.sleep(for: .seconds(timeout))
    kill(pid, SIGKILL)
    Issue.record("\(executable.lastPathComponent) \(arguments) took over \(timeout) s")
  }
  // Both at once: a full pipe that nobody reads would stop the tool.
  async let stdout = text(output.fileHandleForReading) { _ in }
  let pending = Mutex(signals)
  async let stderr = text(error.fileHandleForReading) { text in
    pending.withLock { pending in
      guard let next = pending.first, text.contains(next.marker) else { return }
      kill(pid, next.number)
      pending.removeFirst()
    }
  }
  let texts = await (stdout, stderr)
  process.waitUntilExit()
  watchdog.cancel()
  let signalBase: Int32 = process.terminationReason == .uncaughtSignal ? 128 : 0
  return Run(
    status: signalBase + process.terminationStatus, stdout: texts.0, stderr: texts.1)
}

/// All text to the end of the stream.
///
/// - Parameter look: sees the text so far whenever there is more.
private func text(
  _ handle: FileHandle, look: @escaping @Sendable (String) -> Void
) async -> String {
  await withCheckedContinuation { continuation in
    // A thread of its own: waiting must not take one from the tests' pool.
    Thread.detachNewThread {
      var bytes = Data()
      while case let more = handle.availableData, !more.isEmpty {
        bytes += more
        look(String(decoding: bytes, as: UTF8.self))
      }
      continuation.resume(returning: String(decoding: bytes, as: UTF8.self))
    }
  }
}

private enum BuiltTool {
  /// Beside the test bundle, wherever the build put it.
  static func url(of name: String) throws -> URL {
    var folders: [URL] = []
    #if os(Linux)
      folders.append(URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath())
    #endif
    folders.append(URL(fileURLWithPath: CommandLine.arguments[0]))
    folders += Bundle.allBundles.map(\.bundleURL)
    let candidates = folders.map { $0.deletingLastPathComponent().appendingPathComponent(name) }
    return try #require(
      candidates.first { FileManager.default.isExecutableFile(atPath: $0.path) },
      "\(name) is not built; run 'swift build' first")
  }
}

/// A folder for one test, removed after it.
func withTemporaryFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("octet-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try await body(folder)
}
