import Foundation
import Testing

/// Ctrl-C and its relatives, on a tool made of the framework alone.
@Suite struct SignalTests {
  static let asked: [(signal: Int32, status: Int32)] =
    (Signal.isInterruptIgnored ? [SIGTERM] : [SIGTERM, SIGINT]).map { ($0, 128 + $0) }

  @Test(arguments: asked)
  func workThatPollsKeepsWhatItHas(signal: Int32, status: Int32) async throws {
    let run = try await probe("poll", "--json", signals: [Signal(signal, after: "ready")])
    #expect(run.status == status)
    #expect(try run.json()["epochs"] as? Int == 3)
    #expect(run.stderr == "ready\nnoticed\ncommand-probe poll: kept epoch 3\n")
  }

  @Test(arguments: asked)
  func workWithNothingToKeep(signal: Int32, status: Int32) async throws {
    let run = try await probe(
      "poll", "--failing", "--json", signals: [Signal(signal, after: "ready")])
    #expect(run.status == status && run.stdout.isEmpty)
    #expect(run.stderr.hasSuffix("command-probe poll: interrupted; nothing was written\n"))
  }

  @Test(arguments: asked)
  func theSecondSignalEndsAtOnce(signal: Int32, status: Int32) async throws {
    let run = try await probe(
      "poll", "--stubborn",
      signals: [Signal(signal, after: "ready"), Signal(signal, after: "noticed")])
    #expect(run.status == status && run.stdout.isEmpty)
  }

  @Test(arguments: asked)
  func aWriteThatIsInterruptedNeverWas(signal: Int32, status: Int32) async throws {
    try await withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("old")
      try Data("old".utf8).write(to: file)
      let run = try await probe(
        "write", "old", "--slow", in: folder, signals: [Signal(signal, after: "ready")])
      #expect(run.status == status)
      #expect(try String(contentsOf: file, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["old"])
    }
  }

  /// Nothing can tidy up after SIGKILL, but the old file is whole.
  @Test func aWriteThatIsKilledLeavesTheOldFile() async throws {
    try await withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("old")
      try Data("old".utf8).write(to: file)
      let run = try await probe(
        "write", "old", "--slow", in: folder, signals: [Signal(SIGKILL, after: "ready")])
      #expect(run.status == 128 + SIGKILL)
      #expect(try String(contentsOf: file, encoding: .utf8) == "old")
    }
  }

  /// A limit on the size of files acts as a full disk does.
  @Test func aFullDiskLeavesTheOldFile() async throws {
    try await withTemporaryFolder { folder in
      let file = folder.appendingPathComponent("old")
      try Data("old".utf8).write(to: file)
      let run = try await shell(
        // A build for coverage would write its figures too.
        "ulimit -f 8; LLVM_PROFILE_FILE=/dev/null $PROBE write old --byte-count 1000000",
        in: folder)
      #expect(run.status == 74 && run.stdout.isEmpty)
      #expect(run.stderr == "command-probe write: old: cannot be written: File too large\n")
      #expect(try String(contentsOf: file, encoding: .utf8) == "old")
      #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["old"])
    }
  }

  @Test(arguments: [("no/such/folder", "no folder 'no/such'"), (".", "a folder")])
  func unwritableOutput(path: String, reason: String) async throws {
    try await withTemporaryFolder { folder in
      let run = try await probe("write", path, "--json", in: folder)
      #expect(run.status == 73 && run.stdout.isEmpty && run.stderr.contains(reason))
    }
  }

  @Test func standardOutputIsAFileToo() async throws {
    let run = try await shell("$PROBE write /dev/stdout --byte-count 3 | od -An -tu1 | head -1")
    #expect(run.stdout.hasPrefix("   7   7   7"))
    try await withTemporaryFolder { folder in
      let redirected = try await shell(
        "$PROBE write /dev/stdout --byte-count 3 > out; od -An -c out; ls -A", in: folder)
      #expect(redirected.stderr.isEmpty)
      #expect(redirected.stdout.split(separator: " ").starts(with: ["\\a", "\\a", "\\a", "3"]))
      #expect(redirected.stdout.hasSuffix("\nout\n"))
    }
  }
}
