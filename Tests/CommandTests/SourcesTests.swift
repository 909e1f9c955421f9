import Foundation
import Testing

/// `octet board` with sources of its own place, which somebody is changing.
@Suite struct SourcesTests {
  private let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  @Test("A module that only another one imports is compiled again, and that one with it")
  func followsModules() async throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("octet-tests-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    let home = folder.appendingPathComponent("home")
    for path in [
      "Firmware", "Sources/OctetRuntime", "Sources/OctetUpdate", "Sources/COctetKernels",
      "Sources/OctetData/Pictures",
    ] {
      let target = home.appendingPathComponent(path)
      try FileManager.default.createDirectory(
        at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: root.appendingPathComponent(path), to: target)
    }
    func library() async throws -> Data {
      let run = try await octet(
        "board", "library", "--board", "cortex-m0", "-o", "lib", in: folder,
        environment: [
          "OCTET_HOME": home.path, "OCTET_CACHE": folder.appendingPathComponent("cache").path,
        ])
      try #require(run.status == 0, "\(run.stderr)")
      return try Data(contentsOf: folder.appendingPathComponent("lib/liboctet.a"))
    }
    let first = try await library()
    #expect(try await library() == first)
    let source = home.appendingPathComponent("Sources/OctetUpdate/ModelSlots.swift")
    let text = try String(contentsOf: source, encoding: .utf8)
    let changed = text.replacingOccurrences(
      of: "mostStarts: Int { 7 }", with: "mostStarts: Int { 6 }")
    try #require(changed != text)
    try Data(changed.utf8).write(to: source)
    #expect(try await library() != first)
  }
}
