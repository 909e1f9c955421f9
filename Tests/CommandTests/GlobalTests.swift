import Foundation
import Testing

/// What holds for the tool as a whole, whatever its verbs.
@Suite struct GlobalTests {
  @Test(arguments: [["--help"], ["-h"], ["help"], ["--quiet", "--help"]])
  func help(arguments: [String]) async throws {
    let run = try await octet(arguments)
    #expect(run.status == 0 && run.stderr.isEmpty)
    #expect(run.stdout.hasPrefix("octet "))
    #expect(run.stdout.contains("--json") && run.stdout.contains("--quiet"))
    #expect(run.stdout.contains("\nExample:\n  octet demo\n"))
    #expect(run.stdout.split(separator: "\n").allSatisfy { $0.count <= 80 })
  }

  @Test func version() async throws {
    let run = try await octet("--version")
    #expect(run.status == 0 && run.stderr.isEmpty)
    #expect(run.stdout.wholeMatch(of: /octet \d+\.\d+\.\d+\n/) != nil)
    let json = try await octet("--version", "--json").json()
    #expect(json["version"] as? String == run.stdout.dropFirst(6).dropLast().description)
  }

  @Test func helpAsJSON() async throws {
    let json = try await octet("--help", "--json").json()
    #expect(json["verbs"] is [Any])
  }

  @Test func nothingToDo() async throws {
    let run = try await octet()
    #expect(run.status == 64 && run.stdout.isEmpty)
    #expect(run.stderr == "octet: a verb is missing (see 'octet --help')\n")
  }

  @Test(arguments: [["hepl"], ["hepl", "--json"], ["hlp", "-x", "--", "--help"]])
  func unknownVerb(arguments: [String]) async throws {
    let run = try await octet(arguments)
    #expect(run.status == 64 && run.stdout.isEmpty)
    #expect(
      run.stderr == """
        octet \(arguments[0]): there is no verb '\(arguments[0])'; did you mean 'help'? \
        (see 'octet --help')\n
        """)
  }

  @Test func unknownFlag() async throws {
    let run = try await octet("--hlep")
    #expect(run.status == 64 && run.stdout.isEmpty)
    #expect(
      run.stderr == """
        octet: unknown flag '--hlep' before the verb; did you mean '--help'? \
        (see 'octet --help')\n
        """)
  }

  /// A name cannot drive the reader's terminal.
  @Test func controlCharactersAreShownNotSent() async throws {
    let run = try await octet("a\u{1B}[2Jb")
    #expect(run.status == 64 && !run.stderr.contains("\u{1B}"))
    #expect(run.stderr.contains(#"a\u{1B}[2Jb"#))
  }

  @Test(arguments: [["frobnicate"], ["--json"], ["--json", "help", "no-such-verb"]])
  func errorsAreOneLine(arguments: [String]) async throws {
    let run = try await octet(arguments)
    #expect(run.status == 64 && run.stdout.isEmpty)
    #expect(run.stderr.hasPrefix("octet") && run.stderr.hasSuffix("\n"))
    #expect(run.stderr.count { $0 == "\n" } == 1)
  }

  @Test func aReaderThatGoesAwayIsNoError() async throws {
    let run = try await shell("{ $OCTET --help; echo $? >&2; } | true")
    // The reader may also be slow enough to see all of it.
    #expect(["141\n", "0\n"].contains(run.stderr))
    // Even when the parent ignores SIGPIPE.
    let ignoring = try await shell("trap '' PIPE; { sleep 0.2; $OCTET --help; } | true")
    #expect(ignoring.stderr.isEmpty)
  }

  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func aFullDiskIsAnError() async throws {
    let run = try await shell("$OCTET --help > /dev/full")
    #expect(run.status == 74)
    #expect(run.stderr == "octet: standard output: No space left on device\n")
  }
}
