import Foundation
import OctetBoards
import OctetCompiler
import OctetReport
import OctetRuntime
import Testing

/// A line on which bytes are lost, changed and added by chance.
private final class NoisyLine: DiffLink {
  let name = "the noisy line"
  let isBatch = false
  private let board: FaultyBoard
  private var random: Random
  /// One byte of so many suffers.
  private let rate: Int

  init(_ board: FaultyBoard, seed: UInt64, rate: Int) {
    self.board = board
    self.rate = rate
    random = Random(state: seed)
  }

  private func damaged(_ bytes: [UInt8]) -> [UInt8] {
    bytes.flatMap { byte -> [UInt8] in
      guard random.next() % rate == 0 else { return [byte] }
      switch random.next() % 4 {
      case 0: return []
      case 1: return [byte ^ UInt8(1 << (random.next() % 8))]
      case 2: return [byte, UInt8(truncatingIfNeeded: random.next())]
      default: return [DiffServer.Framing.end, byte]
      }
    }
  }

  func send(_ bytes: [UInt8]) {
    let bytes = damaged(bytes)
    if bytes.count > 1 { board.send(bytes) }
  }

  func receive(within seconds: Double) -> [UInt8] { damaged(board.receive(within: seconds)) }
}

/// A pseudo-terminal, of which a program or nobody holds the other end.
final class Terminal {
  private let master: Int32
  private var isPlugged = true
  let path: String
  private var process: Process?

  init() throws {
    // Linux's own calls for posix_openpt and what follows it, which Swift does not import.
    master = open("/dev/ptmx", O_RDWR | O_NOCTTY)
    var (isLocked, number) = (Int32(0), UInt32(0))
    try #require(master >= 0 && ioctl(master, 0x4004_5431, &isLocked) == 0)
    try #require(ioctl(master, 0x8004_5430, &number) == 0)
    path = "/dev/pts/\(number)"
  }

  func run(_ program: String, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.standardInput = FileHandle(fileDescriptor: master)
    process.standardOutput = FileHandle(fileDescriptor: master)
    // A line that echoes would answer itself.
    var settings = termios()
    tcgetattr(master, &settings)
    cfmakeraw(&settings)
    tcsetattr(master, TCSANOW, &settings)
    try process.run()
    self.process = process
  }

  /// Ends the program at the other end, and the line.
  func unplug() {
    guard isPlugged else { return }
    isPlugged = false
    process?.terminate()
    process?.waitUntilExit()
    close(master)
  }

  deinit { unplug() }
}

@Suite(.serialized)
struct DiffLineTests {
  private static let seedCount =
    Int(ProcessInfo.processInfo.environment["OCTET_LINE_SEEDS"] ?? "") ?? 12

  @Test("Noise on the line is repaired or told, and never becomes a finding")
  func survivesNoise() throws {
    let blob = try LeNet.perceptron()
    var outcomes = (same: 0, told: 0)
    for seed in 1...Self.seedCount {
      let board = try FaultyBoard(blob, Fault("none", .wrongResult))
      let line = NoisyLine(board, seed: UInt64(seed), rate: seed % 2 == 0 ? 40 : 600)
      do {
        let diff = try BoardDiff.run(
          blob, over: DiffClient(line, silenceSeconds: 0),
          inputs: LeNet.samples(3, byteCount: 16, seed: UInt64(seed)))
        #expect(diff.isSame, "seed \(seed): \(diff.finding?.text ?? "")")
        outcomes.same += 1
      } catch .line(_, let problem) {
        #expect(problem.contains("bytes are lost") || problem.contains("nothing answers"))
        outcomes.told += 1
      }
    }
    #expect(outcomes.same > 0, "some lines are good enough: \(outcomes)")
  }

  @Test("No bytes on the line write outside the inputs, or stop the board")
  func boardSurvivesAnything() throws {
    let blob = try LeNet.perceptron()
    let size = try blob.model().arenaByteCount
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size + 128, alignment: 64)
    let flash = UnsafeMutableRawBufferPointer.allocate(byteCount: blob.count, alignment: 64)
    defer {
      memory.deallocate()
      flash.deallocate()
    }
    _ = memory.initializeMemory(as: UInt8.self, repeating: 0xA5)
    flash.copyBytes(from: blob.bytes)
    var server = DiffServer(
      blob: UnsafeRawBufferPointer(flash),
      arena: UnsafeMutableRawBufferPointer(rebasing: memory[64..<64 + size]))
    var random = Random(state: 5)
    var answered = 0
    let commands = Array("HIRbBaAxX".utf8)
    for _ in 0..<4000 {
      var request = DiffRequest(
        command: commands[random.next() % commands.count],
        offset: random.next() % 3 == 0 ? random.next() << 8 : random.next() % 64,
        count: random.next() % 5 == 0 ? random.next() << 8 : random.next() % 40)
      request.payload = (0..<random.next() % 48).map { _ in UInt8(truncatingIfNeeded: random.next())
      }
      request.offset &= 0x7FFF_FFFF
      request.count &= 0x7FFF_FFFF
      var bytes = request.bytes(number: 1)
      for _ in 0..<random.next() % 3 {
        bytes[random.next() % bytes.count] = UInt8(truncatingIfNeeded: random.next())
      }
      for byte in bytes { server.receive(byte) { answered += $0.count } }
    }
    #expect(answered > 0)
    #expect(Array(flash) == blob.bytes)
    #expect((Array(memory[..<64]) + Array(memory[(64 + size)...])).allSatisfy { $0 == 0xA5 })
  }

  @Test("A program of the C library on a pseudo-terminal is a board on a serial line")
  func speaksOverTerminal() throws {
    guard isInstalled("clang") else { return }
    let blob = try LeNet.blob()
    try withTemporaryFolder { folder in
      let library = try CLibraryBuilder().build(into: folder)
      let program = folder.appendingPathComponent("diff").path
      let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../Firmware/CLibrary/Example/diff.c")
      try run(
        "clang",
        [
          "-Wall", "-Wextra", "-Werror", "-I", folder.path, source.path, library.archive, "-o",
          program,
        ])
      let model = folder.appendingPathComponent("model.oct")
      func compare(_ bytes: [UInt8]) throws -> BoardDiff {
        try Data(bytes).write(to: model)
        let terminal = try Terminal()
        try terminal.run(program, [model.path])
        return try BoardDiff.run(
          blob, port: terminal.path, baud: 115_200, silenceSeconds: 20,
          inputs: LeNet.samples(2, byteCount: 784))
      }
      let same = try compare(blob.bytes)
      #expect(same.isSame && same.sampleCount == 2, "\(same.finding?.text ?? "")")
      let faults = try Faults(blob)
      let place = faults.data(faults.weighted[1])[0] + 7
      var bytes = try blob.forFirmware().bytes
      bytes[place] ^= 4
      let finding = try #require(try compare(bytes).finding)
      #expect(finding.kind == .damagedModel && finding.blobOffset == place && finding.element == 7)
      #expect(finding.operatorIndex == faults.weighted[1])
      bytes.removeSubrange(place...)
      let cut = try #require(try compare(bytes).finding)
      #expect(cut.kind == .truncatedModel && cut.blobOffset == place)
    }
  }

  @Test("A silent, missing or wrong port is told in a sentence")
  func tellsPorts() throws {
    let blob = try LeNet.perceptron()
    func compare(_ path: String, baud: Int = 115_200) -> String {
      do {
        _ = try BoardDiff.run(blob, port: path, baud: baud, silenceSeconds: 1, inputs: nil)
        return "no error"
      } catch {
        return error.description
      }
    }
    let terminal = try Terminal()
    #expect(compare(terminal.path).contains("nothing answers within 1 s"))
    #expect(compare(terminal.path, baud: 1234).contains("1234 baud is no rate"))
    #expect(compare("/dev/no-such-port").contains("cannot be opened"))
    #expect(compare("/dev/null").contains("it is no serial line"))
  }

  @Test(
    "Emulated boards make the same bytes, and a flipped bit of their flash is found",
    arguments: ["cortex-m4", "linux-armv7"])
  func comparesBoards(name: String) throws {
    let board = try Board.named(name)
    guard board.canBeEmulatedHere else { try Test.cancel("its emulator is not installed") }
    let blob = try LeNet.blob()
    var builder = try BoardBuilder(board)
    builder.program = "Diff"
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "octet-tests-built/diff-\(name)")
    let firmware = try builder.build(blob, into: folder)
    let samples = LeNet.samples(3, byteCount: 784)
    let same = try BoardDiff.run(blob, firmware, inputs: samples)
    #expect(
      same.isSame && same.selfTestPassed && same.sampleCount == 3,
      "\(String(describing: same.finding?.text))")
    let faults = try Faults(blob)
    let short = try blob.forFirmware().bytes
    for index in faults.weighted {
      let place = faults.data(index)[0] + 9
      // In the image on bare metal, otherwise in the file beside it.
      for file in [firmware.elf, firmware.model] {
        let data = try Data(contentsOf: file)
        var damaged = short
        damaged[place] ^= 0x10
        try Built.replacing(short, by: damaged, in: data).write(to: file)
      }
      defer {
        for file in [firmware.elf, firmware.model] {
          guard let data = try? Data(contentsOf: file) else { continue }
          var damaged = short
          damaged[place] ^= 0x10
          try? Built.replacing(damaged, by: short, in: data).write(to: file)
        }
      }
      let finding = try #require(
        try BoardDiff.run(blob, firmware, inputs: samples).finding, "\(name), operator \(index)")
      #expect(finding.kind == .damagedModel && finding.operatorIndex == index, "\(finding.text)")
      #expect(finding.blobOffset == place && finding.element == 9, "\(finding.text)")
    }
  }
}
