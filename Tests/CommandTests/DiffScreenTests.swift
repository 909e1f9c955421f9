import Foundation
import Testing

/// What `octet diff` fills a terminal with.
@Suite struct DiffScreenTests {
  @Test("No line is wider than the terminal", arguments: [40, 80, 132])
  func width(columns: Int) async throws {
    let run = try await workshop(
      "diff m.onnx m.oct --data data --sensitivity --samples 20 --overlay screen.json --force",
      environment: ["COLUMNS": "\(columns)"])
    #expect(run.status == 0)
    let lines = run.stdout.split(separator: "\n", omittingEmptySubsequences: false)
    for line in lines { #expect(line.count <= columns, "\(line)") }
    #expect(run.stdout.contains("more: --html FILE"))
    let peers = try await workshop(
      "diff m.oct --against . --all-layers --samples 2", environment: ["COLUMNS": "\(columns)"])
    for line in peers.stdout.split(separator: "\n") { #expect(line.count <= columns, "\(line)") }
    let overlay = try await Workshop.shared.folder().appendingPathComponent("screen.json")
    let object = try #require(
      try JSONSerialization.jsonObject(with: Data(contentsOf: overlay)) as? [String: Any])
    #expect((object["results"] as? [String: Any])?.isEmpty == false)
  }
}
