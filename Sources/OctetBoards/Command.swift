import Foundation
import OctetSystem

/// A program run to its end, with what it printed. It ends with this process, however that ends.
struct Command {
  var executable: URL
  var arguments: [String]
  var folder: URL?
  var timeLimitSeconds = TimeLimit.seconds

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
    if name.contains("/"), FileManager.default.isExecutableFile(atPath: name) {
      return URL(fileURLWithPath: name)
    }
    let path = ProcessInfo.processInfo.environment["PATH"] ?? ""
    for folder in path.split(separator: ":") {
      let url = URL(fileURLWithPath: String(folder)).appendingPathComponent(name)
      if FileManager.default.isExecutableFile(atPath: url.path) { return url }
    }
    throw .toolMissing(name, remedy: remedy)
  }

  func run() throws(BoardError) -> Outcome {
    let process = ChildProcess(
      executable: executable.path, arguments: arguments, folder: folder?.path,
      timeLimitSeconds: timeLimitSeconds)
    let outcome: ChildProcess.Outcome
    do throws(SystemError) {
      outcome = try process.run()
    } catch {
      throw .cannotRun(program: executable.path, problem: error.description)
    }
    guard let status = outcome.status else {
      throw .timedOut(command: line, seconds: timeLimitSeconds)
    }
    return Outcome(status: status, text: String(decoding: outcome.output, as: UTF8.self))
  }

  /// Runs it as a step of a build.
  func run(step: String) throws(BoardError) {
    let outcome = try run()
    guard outcome.status == 0 else {
      throw .buildFailed(step: step, output: outcome.text)
    }
  }
}

/// How long one step of a build or one run of firmware may take.
public enum TimeLimit {
  /// The compilers need a minute on a slow machine; emulated firmware seldom more than seconds.
  public static let defaultSeconds = 300

  /// For all that this task starts.
  @TaskLocal public static var seconds = defaultSeconds
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
