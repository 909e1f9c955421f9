import Foundation
import OctetBoards
import OctetCompiler
import Testing

/// Boards that a user keeps: folders outside the checkout.
@Suite(.enabled(if: emulatorsAreInstalled, "QEMU is not installed"), .serialized)
struct BoardFolderTests {
  /// A copy of one of Octet's boards, under another name.
  private static func copy(
    of name: String, in folder: URL, changing old: String = "", to new: String = ""
  ) throws -> URL {
    let source = try #require(try Board.named(name).folder)
    let copy = folder.appendingPathComponent("my board")
    try FileManager.default.copyItem(at: source, to: copy)
    let file = copy.appendingPathComponent("board.json")
    let text = try String(contentsOf: file, encoding: .utf8)
    #expect(old.isEmpty || text.contains(old))
    try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: file)
    return copy
  }

  @Test("What runs its images may be anything; the core's own clock then times the operators")
  func timesOperators() throws {
    try withTemporaryFolder { folder in
      for (name, program) in [
        ("cortex-m0", "qemu-system-arm"), ("cortex-m4", "qemu-system-arm"),
        ("riscv32", "qemu-system-riscv32"),
      ] where isInstalled(program) {
        // To this, QEMU is a program like any other that runs hardware.
        let copy = try Self.copy(
          of: name, in: folder, changing: "\"\(program)\",", to: "\"$BOARD/run\", \"\(program)\",")
        defer { try? FileManager.default.removeItem(at: copy) }
        let script = copy.appendingPathComponent("run")
        try Data("#!/bin/sh\nexec \"$@\"\n".utf8).write(to: script)
        try FileManager.default.setAttributes(
          [.posixPermissions: 0o755], ofItemAtPath: script.path)
        let board = try Board.named(copy.path)
        #expect(board.name == "my board")
        #expect(!board.isCounted)
        let result = try BoardRunner.buildAndRun(
          try LeNet.perceptron(), on: board, inputs: LeNet.samples(2, byteCount: 16))
        #expect(result.outputsMatchHost && result.selfTestPassed && result.isGood)
        #expect(result.instructionsPerInference == nil && result.nanosecondsPerInference == nil)
        #expect(result.operators.count == 2)
        #expect(result.operators.allSatisfy { $0.measuredCycleCount ?? 0 > 0 }, "\(name)")
        #expect(
          result.operators.allSatisfy { $0.instructionCount == nil && $0.nanoseconds == nil })
        #expect(BoardReport(result, host: nil).text.contains(" cycles, measured"))
      }
    }
  }

  @Test("An image that QEMU runs holds no clock")
  func linksNoClock() throws {
    let (_, firmware) = try Built.perceptron(try Board.named("cortex-m4"))
    let names = try FirmwareImage(firmware.elf).symbols.map(\.name)
    #expect(!names.contains { ["board_clock_count", "board_write_time"].contains($0) })
  }

  @Test("A C file of the board's own takes the place of Octet's with its name")
  func replacesSources() throws {
    try withTemporaryFolder { folder in
      let copy = try Self.copy(of: "cortex-m4", in: folder)
      let text = """
        #include "board.h"
        #include "own.h"
        size_t board_read_input(void *bytes, size_t byte_count) {
          return OWN * byte_count * !bytes;
        }
        void board_write_output(const void *bytes, size_t byte_count) {
          (void)bytes, (void)byte_count;
        }
        bool board_is_tracing(void) { return false; }
        void board_write_trace(const void *bytes, size_t byte_count) {
          (void)bytes, (void)byte_count;
        }
        _Noreturn void board_finish(board_report *report) {
          (void)report;
          for (;;) continue;
        }
        """
      try Data(text.utf8).write(to: copy.appendingPathComponent("seam.c"))
      try Data("#define OWN 0\n".utf8).write(to: copy.appendingPathComponent("own.h"))
      let out = folder.appendingPathComponent("out")
      let firmware = try BoardBuilder(try Board.named(copy.path)).build(
        try LeNet.perceptron(), into: out)
      // Semihosting is what Octet's own seam does.
      let (_, usual) = try Built.perceptron(try Board.named("cortex-m4"))
      #expect(firmware.textByteCount < usual.textByteCount)
    }
  }

  @Test(
    "What is wrong with a board.json is said with the file, the key and what must be there",
    arguments: [
      (
        "\"family\": \"BareMetal\"", "\"family\": \"Toaster\"",
        "'family' is \"Toaster\"; it must be "
      ),
      (
        "\"family\": \"BareMetal\"", "\"family\": 3",
        "'family' is something else; it must be one of"
      ),
      ("\"triple\"", "\"tripel\"", "the key 'tripel' means nothing here; there are summary, "),
      ("\"summary\"", "\"package\"", "'summary' is missing; it must be a text"),
      ("\"m4\"", "\"m9\"", "'cycleModel' is \"m9\"; it must be one of \"m0plus\", \"m3\", \"m4\""),
      ("\"run\": [", "\"run\": [3, ", "'run' is something else; it must be a list of texts"),
      ("{", "[", "it is not JSON: "),
    ])
  func namesWhatIsWrong(old: String, new: String, expected: String) throws {
    try withTemporaryFolder { folder in
      let copy = try Self.copy(of: "cortex-m4", in: folder, changing: old, to: new)
      let error = #expect(throws: BoardError.self) { try Board.named(copy.path) }
      let file = copy.appendingPathComponent("board.json").path
      #expect(error?.description.hasPrefix("\(file): \(expected)") == true, "\(error as Any)")
    }
  }

  @Test("A folder that is no board, and one that lacks a file")
  func missesFiles() throws {
    try withTemporaryFolder { folder in
      let none = #expect(throws: BoardError.self) { try Board.named(folder.path) }
      #expect(none?.description.contains("is no board: it needs a board.json") == true)
      let copy = try Self.copy(of: "cortex-m4", in: folder)
      try FileManager.default.removeItem(at: copy.appendingPathComponent("board.ld"))
      let part = #expect(throws: BoardError.self) { try Board.named(copy.path) }
      #expect(part?.description.contains("there is no board.ld beside board.json") == true)
    }
  }

  @Test(
    "The linker script's memory is read as linkers read it, or refused",
    arguments: [
      ("LENGTH = 4M\n}", "LENGTH = 0x1000 - 1K}", "RAM", nil),
      ("RAM (rw) ", "RAMP(rw) ", "", "its MEMORY has no RAM; write 'RAM : ORIGIN = 0x…"),
      ("LENGTH = 4M\n}", "LENGTH = lots\n}", "", "RAM's ORIGIN '0x20000000' or LENGTH 'lots' is"),
    ] as [(String, String, String, String?)])
  func readsMemory(old: String, new: String, short: String, problem: String?) throws {
    try withTemporaryFolder { folder in
      let copy = try Self.copy(of: "cortex-m4", in: folder)
      let script = copy.appendingPathComponent("board.ld")
      let text = try String(contentsOf: script, encoding: .utf8)
      #expect(text.contains(old))
      try Data(text.replacingOccurrences(of: old, with: new).utf8).write(to: script)
      let builder = try BoardBuilder(try Board.named(copy.path))
      let out = folder.appendingPathComponent("out")
      guard let problem else {
        // 3 KiB of RAM: enough for the perceptron.
        #expect(try builder.build(try LeNet.perceptron(), into: out).arenaByteCount > 0)
        return
      }
      let error = #expect(throws: BoardError.self) {
        try builder.build(try LeNet.perceptron(), into: out)
      }
      #expect(error?.description.hasPrefix("\(script.path): \(problem)") == true, "\(error as Any)")
    }
  }

  @Test("What does not fit is said by how many bytes, and that many more is enough")
  func saysWhatLacks() throws {
    let (blob, roomy) = try Built.perceptron(try Board.named("cortex-m3"))
    var builder = try BoardBuilder(try Board.named("cortex-m3"))
    try withTemporaryFolder { folder in
      // Before anything is compiled.
      builder.flashByteCount = blob.bytes.count - 1
      builder.ramByteCount = roomy.arenaByteCount - 1
      let early = #expect(throws: BoardError.self) { try builder.build(blob, into: folder) }
      let text = try #require(early?.description)
      #expect(text.contains(" is 1 larger than all of the flash"))
      #expect(
        text.contains("the arena of \(roomy.arenaByteCount) bytes is 1 larger than all of the"))
      // When the program is known.
      let binary = try Data(contentsOf: try #require(roomy.binary)).count
      builder.flashByteCount = binary - 100
      builder.ramByteCount = nil
      let late = #expect(throws: BoardError.self) { try builder.build(blob, into: folder) }
      let sentence = try #require(late?.description)
      #expect(sentence.contains(": \(binary) bytes of flash are needed (model \(blob.bytes.count)"))
      #expect(sentence.contains(", 100 more than its \(binary - 100). A model of at most "))
      #expect(sentence.hasSuffix("or a part with more: --flash \(binary), or another board"))
      builder.flashByteCount = binary
      #expect(try builder.build(blob, into: folder).textByteCount == roomy.textByteCount)
    }
    var linux = try BoardBuilder(try Board.named("linux-armv7"))
    linux.ramByteCount = 1 << 20
    #expect(throws: BoardError.hasNoSizes("linux-armv7")) {
      try withTemporaryFolder { try linux.build(blob, into: $0) }
    }
  }
}
