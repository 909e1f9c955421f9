import Foundation

/// The repository as the tests see it.
enum Repository {
  static let root: URL = {
    // Tests/TidyTests/Repository.swift
    var url = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { url.deleteLastPathComponent() }
    return url
  }()

  struct File: Sendable {
    /// From the root: `Sources/OctetModel/Graph.swift`.
    var path: String
    var text: String
    /// Read once: every rule wants it. Nil for what is neither Swift nor C.
    var source: SourceText?

    init(path: String, text: String) {
      self.path = path
      self.text = text
      let isSource = [".swift", ".c", ".h"].contains { path.hasSuffix($0) }
      source = isSource ? SourceText(text) : nil
    }

    var name: String { path.split(separator: "/").last.map(String.init) ?? path }
    var lines: [Substring] {
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      if lines.last == "" { lines.removeLast() }
      return lines
    }
  }

  /// Files with the endings below the folders; nothing that a build made.
  static func files(in folders: [String], endingIn endings: [String]) -> [File] {
    var files: [File] = []
    for folder in folders {
      let base = root.appendingPathComponent(folder)
      guard let walk = FileManager.default.enumerator(atPath: base.path) else { continue }
      for case let path as String in walk {
        let isMade = path.split(separator: "/").contains { built.contains(String($0)) }
        guard !isMade, endings.contains(where: { path.hasSuffix(".\($0)") }),
          let bytes = try? Data(contentsOf: base.appendingPathComponent(path))
        else { continue }
        files.append(File(path: "\(folder)/\(path)", text: String(decoding: bytes, as: UTF8.self)))
      }
    }
    return files.sorted { $0.path < $1.path }
  }

  static let rooms = ["Sources", "Tests", "Tools", "Firmware"]
  static let swift = files(in: rooms, endingIn: ["swift"])
  static let c = files(in: rooms, endingIn: ["c", "h"])
  static let scripts = files(in: rooms, endingIn: ["py", "sh", "S", "s", "ld"])

  static func exists(_ path: String) -> Bool {
    FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
  }

  /// The paths that git tracks; nil outside a checkout or without git.
  static let tracked: [String]? = {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = ["git", "-C", root.path, "ls-files", "-z"]
    let output = Pipe()
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    do { try process.run() } catch { return nil }
    let bytes = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { return nil }
    return bytes.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
  }()

  private static let built: Set<String> = [".build", ".git", ".swiftpm", "__pycache__"]
}
