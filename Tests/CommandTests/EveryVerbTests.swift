import Foundation
import Testing

/// What holds for each verb that the tool lists, so that a new one is covered without a word here.
@Suite struct EveryVerbTests {
  private func verbs() async throws -> [String] {
    let list = try await octet("--help", "--json").json()["verbs"] as? [[String: String]]
    return try #require(list).compactMap { $0["name"] }
  }

  @Test func helpEndsWithAnExample() async throws {
    for verb in try await verbs() {
      let run = try await octet(verb, "--help")
      #expect(run.status == 0 && run.stderr.isEmpty)
      #expect(run.stdout.hasPrefix("octet \(verb) – "))
      let example = run.stdout.components(separatedBy: "\nExample:\n").last ?? ""
      let lines = example.split(separator: "\n")
      #expect(!lines.isEmpty, "\(verb) has no example")
      #expect(lines.contains { $0.hasPrefix("  octet \(verb)") }, "\(verb): \(example)")
    }
  }

  /// Examples are command lines that the verb accepts: what is wrong is a file, never the usage.
  @Test func examplesAreNoUsageErrors() async throws {
    try await withTemporaryFolder { folder in
      for verb in try await verbs() where !["demo", "train"].contains(verb) {
        let help = try await octet(verb, "--help", "--json").json()
        let example = try #require(help["example"] as? String)
        for line in example.split(separator: "\n") where line.hasPrefix("octet \(verb) ") {
          let run = try await shell("$OCTET \(line.dropFirst(6))", in: folder)
          #expect(run.status != 64, "\(line): \(run.stderr)")
        }
      }
    }
  }

  @Test func wrongFlagsAreSuggestedAway() async throws {
    for verb in try await verbs() {
      let run = try await octet(verb, "--jsno")
      #expect(run.status == 64 && run.stdout.isEmpty)
      #expect(
        run.stderr == """
          octet \(verb): unknown flag '--jsno'; did you mean '--json'? \
          (see 'octet \(verb) --help')\n
          """)
    }
  }

  @Test func unknownVerbsAreSuggestedAway() async throws {
    for verb in try await verbs() {
      let run = try await octet(verb + "x")
      #expect(run.status == 64 && run.stderr.contains("did you mean '\(verb)'?"))
    }
  }
}
