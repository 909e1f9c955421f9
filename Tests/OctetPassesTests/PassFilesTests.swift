import Foundation
import Testing

/// Each pass has a file, and that file its test.
@Suite struct PassFilesTests {
  @Test func everyPassHasATest() throws {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    let sources = tests.deletingLastPathComponent().deletingLastPathComponent()
      .appendingPathComponent("Sources/OctetPasses")
    let files = try FileManager.default.subpathsOfDirectory(atPath: sources.path)
    let passes = files.filter {
      $0.hasSuffix(".swift") && $0.contains("/") && !$0.hasPrefix("Analyses/") && !$0.contains("+")
    }
    #expect(passes.count > 20)
    for pass in passes {
      let name = URL(fileURLWithPath: pass).deletingPathExtension().lastPathComponent
      let test = tests.appendingPathComponent("\(name)Tests.swift")
      #expect(FileManager.default.fileExists(atPath: test.path), "\(name) has no test")
    }
  }
}
