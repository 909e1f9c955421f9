import Foundation
import OctetCommand
import Testing

/// What the tool says of itself: completion, manual page, the article on the command line.
@Suite struct DocumentTests {
  /// What bash offers for the last word, which may be empty.
  private func completions(_ words: String...) async throws -> Set<String> {
    let script = """
      . ./completion
      COMP_WORDS=(\(words.map { "'\($0)'" }.joined(separator: " ")))
      COMP_CWORD=\(words.count - 1)
      _octet 2>/dev/null
      printf '%s\\n' "${COMPREPLY[@]}"
      """
    return try await withTemporaryFolder { folder in
      let made = try await shell("$OCTET completion bash > completion", in: folder)
      #expect(made.status == 0)
      try FileManager.default.createDirectory(
        at: folder.appendingPathComponent("data"), withIntermediateDirectories: true)
      try Data(script.utf8).write(to: folder.appendingPathComponent("try"))
      let run = try await shell("bash ./try", in: folder)
      #expect(run.status == 0)
      return Set(run.stdout.split(separator: "\n").map(String.init))
    }
  }

  @Test func bashCompletes() async throws {
    #expect(try await completions("octet", "q") == ["quantize"])
    #expect(try await completions("octet", "help", "di") == ["diff"])
    #expect(try await completions("octet", "export", "--outp") == ["--output"])
    #expect(
      try await completions("octet", "export", "--to", "")
        == ["header", "swift", "tflite", "page", "wasm", "slot"])
    #expect(try await completions("octet", "board", "pro") == ["profile"])
    #expect(try await completions("octet", "board", "run", "--board", "cortex-m4") == ["cortex-m4"])
    #expect(try await completions("octet", "train", "--data", "da") == ["data"])
  }

  @Test("Other shells read their scripts", arguments: ["zsh", "fish"])
  func othersParse(name: String) async throws {
    let run = try await shell("$OCTET completion \(name)")
    #expect(run.status == 0 && run.stdout.contains("calibrator"))
    let parsed = try await shell(
      "command -v \(name) > /dev/null || exit 0; $OCTET completion \(name) | \(name) -n /dev/stdin")
    #expect(parsed.status == 0 && parsed.stderr.isEmpty)
  }

  @Test func manualHasEveryVerb() async throws {
    let verbs = try #require(
      try await octet("--help", "--json").json()["verbs"] as? [[String: Any]])
    let page = try await octet("manual").stdout
    for verb in verbs {
      let name = try #require(verb["name"] as? String)
      #expect(page.contains("\n.SS \(name)\n"))
    }
    for status in ExitStatus.allCases { #expect(page.contains("\n.TP\n\(status.rawValue)\n")) }
    // A line of text that starts as a request would be one.
    let requests = ["TH", "SH", "SS", "TP", "PP", "B", "I", "nf", "fi"]
    for line in page.split(separator: "\n") where line.hasPrefix(".") || line.hasPrefix("'") {
      #expect(requests.contains { line == ".\($0)" || line.hasPrefix(".\($0) ") }, "\(line)")
    }
  }

  @Test func articleHasEveryStatus() throws {
    let article = try String(
      contentsOf: URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent(
          "../../Sources/OctetRuntime/OctetRuntime.docc/TheCommandLine.md"), encoding: .utf8)
    let rows = article.split(separator: "\n").filter { $0.wholeMatch(of: /\| \d+ \|.*/) != nil }
    #expect(
      rows.map(String.init) == ExitStatus.allCases.map { "| \($0.rawValue) | \($0.meaning) |" })
  }
}
