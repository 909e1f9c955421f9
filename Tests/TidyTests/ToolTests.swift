import Foundation
import Testing

/// The programs of `Tools`, as far as Python alone can look at them.
struct ToolTests {
  static let python = ["/usr/bin/python3", "/usr/local/bin/python3"].first {
    FileManager.default.isExecutableFile(atPath: $0)
  }

  /// Imports, pinned packages, help texts, shell scripts, and downloads from a server of its own.
  @Test(.enabled(if: python != nil, "python3 is not installed"))
  func checkToolsFindsNothing() throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: try #require(Self.python))
    process.arguments = [Repository.root.appendingPathComponent("Tools/check-tools").path]
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    try process.run()
    let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 0, "\(output)")
  }

  /// As CONTRIBUTING counts them.
  @Test func theTestsThatNeedDataAreCounted() throws {
    let files = Repository.swift.filter { $0.path.hasPrefix("Tests/") }
    let marker = "." + "needing("
    let count = files.reduce(0) { $0 + $1.text.components(separatedBy: marker).count - 1 }
    let guide = try String(
      contentsOf: Repository.root.appendingPathComponent(".github/CONTRIBUTING.md"),
      encoding: .utf8)
    #expect(guide.contains("\n\(count) tests need data"), "\(count) tests need data")
  }
}
