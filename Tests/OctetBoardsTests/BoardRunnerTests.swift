import Foundation
import OctetBoards
import OctetCompiler
import Testing

/// All boards when this is set, which `Tools/board-checks` covers too; otherwise a few, to be quick.
private let boards =
  (ProcessInfo.processInfo.environment["OCTET_ALL_BOARDS"] != nil
  ? Board.all : Board.all.filter { quickBoards.contains($0.name) })
  .filter(\.canBeEmulatedHere).map(\.name)
private let quickBoards = ["linux-armv7", "cortex-m0", "cortex-m4", "riscv32", "wasm32"]

@Suite(.enabled(if: emulatorsAreInstalled, "QEMU is not installed"), .serialized)
struct BoardRunnerTests {
  @Test("The same bytes as on the host, within the budgets", arguments: boards)
  func matchesHost(name: String) throws {
    let board = try Board.named(name)
    let (blob, firmware) = try Built.leNet(board)
    let inputs = LeNet.samples(3, byteCount: 784)
    let result = try BoardRunner(firmware).run(blob, inputs: inputs)
    #expect(result.outputsMatchHost)
    #expect(result.selfTestPassed)
    #expect(result.sampleCount == 3)
    #expect(result.outputs.count == 30)
    #expect(Set(result.outputs).count > 3, "the fixture's outputs say something")
    #expect(result.operators.count == 5)
    if board.isCounted {
      #expect(try #require(result.instructionsPerInference) > 100_000)
      #expect(result.operators.allSatisfy { $0.nanoseconds == nil })
      let profile = try #require(BoardProfile(result))
      #expect(profile.operators.count == 5)
      #expect(profile.macCount == 416_520)
      #expect(profile.text.split(separator: "\n").allSatisfy { $0.count <= 80 })
    }
    switch board.family {
    case .wasi:
      #expect(result.instructionsPerInference == nil)
      #expect(result.operators.allSatisfy { $0.instructionCount == nil })
      #expect(result.operators.allSatisfy { $0.nanoseconds ?? 0 > 0 })
      #expect(try #require(result.nanosecondsPerInference) > 0)
      #expect(firmware.textByteCount <= 65536)
      #expect(firmware.dataByteCount == 0)
    case .linux:
      #expect(firmware.fileByteCount <= 65536)
      #expect(result.cyclesPerInference == nil)
    case .bareMetal:
      #expect((result.cyclesPerInference == nil) == (board.cycleModel == nil))
      if let cycles = result.cyclesPerInference {
        let parts = result.operators.compactMap(\.cycleCount)
        #expect(cycles > result.instructionsPerInference ?? 0)
        // Of one sample and between other marks, so not to the last cycle.
        #expect(parts.count == 5)
        #expect(abs(parts.reduce(0, +) - cycles) < cycles / 100)
      }
      // RISC-V has no instructions for signed bytes, and calls for shifts of 64 bits.
      #expect(firmware.textByteCount <= (board.triple.hasPrefix("riscv") ? 13312 : 12288))
      #expect(result.ramByteCount <= 3072)
      #expect(result.stackByteCount <= (try #require(firmware.stackBoundByteCount)))
      #expect(firmware.dataByteCount == 0, "no variables of the model or the runtime in RAM")
    }
  }

  @Test("No heap in any image", arguments: boards)
  func hasNoHeap(name: String) throws {
    let board = try Board.named(name)
    // A module is stripped of nothing either, but is no ELF image.
    if board.family == .wasi { return }
    let (_, firmware) = try Built.leNet(board)
    let names = try FirmwareImage(firmware.elf).symbols.map(\.name)
    let heap = [
      "malloc", "calloc", "realloc", "free", "posix_memalign", "aligned_alloc", "swift_allocObject",
      "swift_allocBox", "swift_slowAlloc", "swift_release", "swift_dealloc",
    ]
    #expect(names.filter { name in heap.contains { name == $0 || name.hasPrefix("\($0)_") } } == [])
    #expect(names.contains("board_count_begin"), "the symbols were read")
  }

  @Test("Only operators that the model uses are linked")
  func linksWhatIsUsed() throws {
    let board = try Board.named("cortex-m4")
    let (_, leNet) = try Built.leNet(board)
    let (_, perceptron) = try Built.perceptron(board)
    let names = try FirmwareImage(perceptron.elf).symbols.map(\.name)
    #expect(!names.contains { $0.contains("11ConvolutionV") })
    #expect(perceptron.textByteCount < leNet.textByteCount - 1024)
  }

  @Test("A difference is traced to the first operator", arguments: ["linux-armv7", "cortex-m4"])
  func findsFirstDifference(name: String) throws {
    let (_, firmware) = try Built.perceptron(try Board.named(name))
    let other = try LeNet.perceptron(lastSeed: 12)
    let result = try BoardRunner(firmware).run(
      other, inputs: LeNet.samples(2, byteCount: 16, seed: 5))
    #expect(!result.outputsMatchHost)
    let difference = try #require(result.difference)
    #expect(result.differingSampleIndex == 0)
    #expect(difference.operatorIndex == 1)
    #expect(difference.actualChecksum != difference.expectedChecksum)
    #expect(!difference.elements.isEmpty)
    #expect(result.failure.contains("is the first that differs"))
  }

  @Test("An arena one byte too small is refused at load")
  func refusesSmallArena() throws {
    let blob = try LeNet.perceptron()
    let needed = try blob.model().arenaByteCount
    var builder = try BoardBuilder(try Board.named("cortex-m4"))
    builder.arenaByteCount = needed - 1
    try withTemporaryFolder { folder in
      let firmware = try builder.build(blob, into: folder)
      let error = #expect(throws: BoardError.self) {
        try BoardRunner(firmware).run(blob, inputs: nil)
      }
      guard case .refused(100, needed, let text) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
      #expect(text == "the arena is smaller than the model needs")
    }
  }

  @Test("The arena is as large as the blob asks for", arguments: ["linux-armv7", "cortex-m4"])
  func takesArenaFromBlob(name: String) throws {
    let (blob, firmware) = try Built.leNet(try Board.named(name))
    let arena = try #require(FirmwareImage(firmware.elf).symbols.first { $0.name == "arena" })
    #expect(arena.byteCount == (try blob.model().arenaByteCount))
    #expect(firmware.arenaByteCount == arena.byteCount)
  }

  @Test("A damaged blob gives a code and a text", arguments: ["linux-armv7", "cortex-m4"])
  func refusesDamagedBlob(name: String) throws {
    let board = try Board.named(name)
    try withTemporaryFolder { folder in
      let (blob, built) = try Built.perceptron(board)
      var firmware = built
      firmware.elf = folder.appendingPathComponent("damaged.elf")
      firmware.model = folder.appendingPathComponent("damaged.oct")
      var model = blob.bytes
      model[model.count / 2] ^= 0x10
      try Data(model).write(to: firmware.model)
      try Built.replacing(blob.bytes, by: model, in: Data(contentsOf: built.elf))
        .write(to: firmware.elf)
      try FileManager.default.setAttributes(
        [.posixPermissions: 0o755], ofItemAtPath: firmware.elf.path)
      let error = #expect(throws: BoardError.self) {
        try BoardRunner(firmware).run(blob, inputs: nil)
      }
      #expect("\(String(describing: error))".contains("the checksum does not match"))
      guard case .refused(6, 12, _) = error else {
        Issue.record("\(String(describing: error))")
        return
      }
    }
  }

  @Test("A wrong input size is refused, by the host and by the board")
  func refusesWrongInput() throws {
    let (blob, firmware) = try Built.perceptron(try Board.named("cortex-m4"))
    #expect(throws: BoardError.inputByteCount(17, needed: 16)) {
      try BoardRunner(firmware).run(blob, inputs: LeNet.samples(1, byteCount: 17))
    }
    let machine = try EmulatedMachine(firmware)
    defer { machine.close() }
    let error = #expect(throws: BoardError.self) {
      try machine.run(inputs: LeNet.samples(1, byteCount: 17))
    }
    guard case .refused(103, 16, _) = error else {
      Issue.record("\(String(describing: error))")
      return
    }
  }

  @Test("Over ssh: the same report, nothing left behind")
  func runsOverSSH() throws {
    let (blob, firmware) = try Built.perceptron(try Board.named("linux-armv7"))
    try withTemporaryFolder { folder in
      let log = folder.appendingPathComponent("log")
      try FakeSSH.install(in: folder, log: log)
      let result = try withPath(folder) {
        try BoardRunner(firmware, host: "pi@example").run(
          blob, inputs: LeNet.samples(4, byteCount: 16))
      }
      #expect(result.outputsMatchHost)
      #expect(result.selfTestPassed)
      #expect(result.instructionsPerInference == nil)
      #expect(try #require(result.nanosecondsPerInference) > 0)
      let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
      #expect(lines.first?.hasPrefix("pi@example mkdir /tmp/octet-") == true)
      #expect(lines.last?.hasPrefix("pi@example rm -r /tmp/octet-") == true)
    }
  }

  @Test("An emulator that does not count is an error with a sentence, after the report")
  func requiresCounts() throws {
    let (blob, firmware) = try Built.perceptron(try Board.named("linux-armv7"))
    let emulator = try #require(path(of: "qemu-arm"))
    try withTemporaryFolder { folder in
      let script = """
        #!/bin/sh
        [ "$1" = -plugin ] && { echo "qemu-arm: unknown option 'plugin'" >&2; exit 1; }
        exec \(emulator) "$@"
        """
      try withProgram("qemu-arm", script, in: folder) {
        let result = try BoardRunner(firmware).run(blob, inputs: nil)
        #expect(result.outputsMatchHost)
        #expect(result.instructionsPerInference == nil)
        #expect(!result.isGood)
        #expect(result.failure.contains("counted no instructions"))
        #expect(result.failure.contains("unknown option 'plugin'"))
      }
    }
  }

  @Test("Bare metal has no ssh")
  func refusesHostOfBareMetal() throws {
    let (_, firmware) = try Built.perceptron(try Board.named("cortex-m4"))
    #expect(throws: BoardError.notRemote("cortex-m4")) {
      try BoardRunner(firmware, host: "pi@example")
    }
  }

  @Test("The map names what takes the memory")
  func writesMap() throws {
    let (_, firmware) = try Built.leNet(try Board.named("cortex-m4"))
    let map = try String(contentsOf: firmware.map, encoding: .utf8)
    #expect(map.contains("Convolution."))
    #expect(map.contains("activations"))
    let binary = try Data(contentsOf: try #require(firmware.binary))
    #expect(binary.count >= firmware.textByteCount + firmware.modelByteCount)
  }
}
