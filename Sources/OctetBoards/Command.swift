import Foundation

/// A program run to its end, with what it printed.
struct Command {
  var executable: URL
  var arguments: [String]
  var folder: URL?
  var timeLimitSeconds = 1800

  struct Outcome {
    var status: Int32
    /// Standard output and error together.
    var text: String
  }

  var line: String {
    ([executable.lastPathComponent] + arguments).joined(separator: " ")
  }

  /// The program with this name on the PATH, or beside the Swift compiler's.
  static func find(_ name: String, remedy: String) throws(BoardError) -> URL {
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in path.split(separator: ":") {
      let url = URL(fileURLWithPath: String(folder)).appendingPathComponent(name)
      if FileManager.default.isExecutableFile(atPath: url.path) { return url }
    }
    throw .toolMissing(name, remedy: remedy)
  }

  func run() throws(BoardError) -> Outcome {
    let process = Process()
    process.executableURL = executable
    process.arguments = arguments
    process.currentDirectoryURL = folder
    // A file, not a pipe: nothing to drain while it runs.
    let log = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-\(UUID().uuidString).log")
    defer { try? FileManager.default.removeItem(at: log) }
    do {
      try Data().write(to: log)
      let handle = try FileHandle(forWritingTo: log)
      defer { try? handle.close() }
      process.standardInput = FileHandle.nullDevice
      process.standardOutput = handle
      process.standardError = handle
      let finished = DispatchSemaphore(value: 0)
      process.terminationHandler = { _ in finished.signal() }
      try process.run()
      if finished.wait(timeout: .now() + .seconds(timeLimitSeconds)) == .timedOut {
        process.terminate()
        throw BoardError.timedOut(command: line, seconds: timeLimitSeconds)
      }
      let text = String(decoding: try Data(contentsOf: log), as: UTF8.self)
      return Outcome(status: process.terminationStatus, text: text)
    } catch let error as BoardError {
      throw error
    } catch {
      throw .runFailed(command: line, output: error.localizedDescription)
    }
  }

  /// Runs it as a step of a build.
  func run(step: String) throws(BoardError) {
    let outcome = try run()
    guard outcome.status == 0 else {
      throw .buildFailed(step: step, output: outcome.text)
    }
  }
}

extension URL {
  func read() throws(BoardError) -> [UInt8] {
    do {
      return [UInt8](try Data(contentsOf: self))
    } catch {
      throw .file(path: path, problem: error.localizedDescription)
    }
  }

  func write(_ bytes: [UInt8]) throws(BoardError) {
    do {
      try Data(bytes).write(to: self)
    } catch {
      throw .file(path: path, problem: error.localizedDescription)
    }
  }

  func makeFolder() throws(BoardError) {
    do {
      try FileManager.default.createDirectory(at: self, withIntermediateDirectories: true)
    } catch {
      throw .file(path: path, problem: error.localizedDescription)
    }
  }

  func remove() { try? FileManager.default.removeItem(at: self) }
}
