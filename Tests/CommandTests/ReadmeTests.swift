import Foundation
import Testing

/// The README's commands, typed in order.
@Suite struct ReadmeTests {
  private static let readme = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../README.md")

  private static func commands() throws -> [String] {
    let text = try String(contentsOf: readme, encoding: .utf8)
    let section = try #require(text.components(separatedBy: "## From the command line").last)
    let block = try #require(section.components(separatedBy: "```sh\n").dropFirst().first)
    let lines = try #require(block.components(separatedBy: "```").first).split(separator: "\n")
    return lines.map { $0.split(separator: "#").first.map(String.init) ?? "" }
  }

  /// A small set stands for MNIST, and its picture for the one that `octet demo` leaves.
  @Test func commandsWorkInOrder() async throws {
    let workshop = try await Workshop.shared.folder()
    let emulates = FileManager.default.isExecutableFile(atPath: "/usr/bin/qemu-system-arm")
    try await withTemporaryFolder { folder in
      try FileManager.default.copyItem(
        at: workshop.appendingPathComponent("data"), to: folder.appendingPathComponent("mnist"))
      let demo = folder.appendingPathComponent("octet-demo")
      try FileManager.default.createDirectory(at: demo, withIntermediateDirectories: false)
      try Pictures.pgm(label: 1, seed: 3).write(to: demo.appendingPathComponent("seven.png"))
      let commands = try Self.commands()
      #expect(commands.contains { $0.hasPrefix("Tools/fetch-mnist mnist") })
      let own = commands.filter { $0.hasPrefix("octet ") }
      #expect(own.count >= 6)
      for line in own where emulates || !line.contains("board") {
        let run = try await shell("$OCTET \(line.dropFirst(6))", in: folder, timeout: 300)
        // Thirty pictures may miss the gate of a thousand.
        let isFine = run.status == 0 || (run.status == 1 && line.contains("--max-drop"))
        #expect(isFine, "\(line): \(run.stderr)")
      }
    }
  }
}
