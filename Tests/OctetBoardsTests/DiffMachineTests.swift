import Foundation
import OctetBoards
import OctetCompiler
import OctetReport
import OctetSystem
import Testing

/// What goes wrong between this machine and a board that really runs: its stack, its line, ssh.
@Suite(.serialized)
struct DiffMachineTests {
  /// LeNet in firmware that a host can look into.
  private static func firmware(_ name: String) throws -> (blob: Blob, firmware: Firmware) {
    let board = try Board.named(name)
    guard board.canBeEmulatedHere else { try Test.cancel("its emulator is not installed") }
    let blob = try LeNet.blob()
    var builder = try BoardBuilder(board)
    builder.program = "Diff"
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "octet-tests-built/diff-machine-\(name)")
    return (blob, try builder.build(blob, into: folder))
  }

  /// Bare metal starts with the stack's first address in the image's first word. The less room is
  /// between it and the arena, the deeper functions write into the arena while they run.
  @Test("A stack that grows into the arena is located at an operator, on an emulated Cortex-M4")
  func locatesStackInArena() throws {
    let (blob, firmware) = try Self.firmware("cortex-m4")
    let image = try FirmwareImage(firmware.elf)
    let limit = try #require(image.symbols.first { $0.name == "link_stack_limit" }?.address)
    let start = try #require(image.sections.first { $0.name == ".text" }?.fileOffset)
    let whole = try Data(contentsOf: firmware.elf)
    defer { try? whole.write(to: firmware.elf) }
    let operatorCount = try blob.forFirmware().model().operatorCount
    for room in [1536, 1024, 512] {
      let diff = try Self.run(blob, firmware, whole, start, stack: limit + room)
      let finding = try #require(diff.finding, "\(room) bytes")
      #expect([.memoryOverwritten, .stopped, .wrongResult].contains(finding.kind))
      let index = try #require(finding.operatorIndex, "\(finding.text)")
      #expect((0..<operatorCount).contains(index) && finding.layer != nil, "\(finding.text)")
      #expect(finding.reasons.first?.contains("the stack") == true, "\(finding.text)")
      if diff.isSame {
        let range = try #require(finding.arenaRange)
        #expect(finding.kind == .memoryOverwritten && range[0] <= range[1], "\(finding.text)")
      }
    }
    // Not even the greeting has room, so that no operator runs.
    #expect(throws: BoardError.self) {
      try Self.run(blob, firmware, whole, start, stack: limit + 128)
    }
  }

  /// Compares with the stack's first address changed in the image's first word.
  private static func run(
    _ blob: Blob, _ firmware: Firmware, _ whole: Data, _ start: Int, stack: Int
  ) throws -> BoardDiff {
    var data = whole
    for byte in 0..<4 {
      data[start + byte] = UInt8(truncatingIfNeeded: UInt32(stack) >> (8 * byte))
    }
    try data.write(to: firmware.elf)
    return try TimeLimit.$seconds.withValue(20) {
      try BoardDiff.run(blob, firmware, inputs: nil)
    }
  }

  @Test("Over ssh every operator is compared, and a flipped bit of the file there is found")
  func comparesOverSSH() throws {
    let (blob, firmware) = try Self.firmware("linux-armv7")
    let samples = LeNet.samples(2, byteCount: 784)
    try withTemporaryFolder { folder in
      let log = folder.appendingPathComponent("log")
      try FakeSSH.install(in: folder, log: log)
      try withPath(folder) {
        let same = try BoardDiff.run(blob, firmware, inputs: samples, host: "pi@example")
        #expect(same.isSame && same.sampleCount == 2, "\(same.finding?.text ?? "")")
        let faults = try Faults(blob)
        let place = faults.data(faults.weighted[2])[0] + 11
        let whole = try Data(contentsOf: firmware.model)
        defer { try? whole.write(to: firmware.model) }
        var data = whole
        data[place] ^= 0x20
        try data.write(to: firmware.model)
        let finding = try #require(
          try BoardDiff.run(blob, firmware, inputs: samples, host: "pi@example").finding)
        #expect(finding.kind == .damagedModel && finding.blobOffset == place, "\(finding.text)")
        #expect(finding.operatorIndex == faults.weighted[2] && finding.element == 11)
      }
      let lines = try String(contentsOf: log, encoding: .utf8).split(separator: "\n")
      #expect(lines.last?.hasPrefix("pi@example rm -r /tmp/octet-") == true)
    }
  }

  @Test("An ssh that fails, hangs or says something else is told in a sentence")
  func tellsSSH() throws {
    let (blob, firmware) = try Self.firmware("linux-armv7")
    for (script, word) in [
      ("echo 'pi@example: Permission denied (publickey).' >&2; exit 255", "Permission denied"),
      ("sleep 60", "within 1 s"),
    ] {
      try withTemporaryFolder { folder in
        try withProgram("ssh", "#!/bin/sh\n" + script, in: folder) {
          do {
            _ = try TimeLimit.$seconds.withValue(1) {
              try BoardDiff.run(blob, firmware, inputs: nil, host: "pi@example")
            }
            Issue.record("it was taken")
          } catch let error as BoardError {
            #expect(error.description.contains(word), "\(error)")
          }
        }
      }
    }
  }

  @Test("A line that is unplugged, and one that only has noise, are told in a sentence")
  func tellsLines() throws {
    let blob = try LeNet.perceptron()
    func compare(_ terminal: Terminal) -> String {
      do {
        _ = try BoardDiff.run(
          blob, port: terminal.path, baud: 115_200, silenceSeconds: 2, inputs: nil)
        return "no error"
      } catch {
        return error.description
      }
    }
    let unplugged = try Terminal()
    let timer = DispatchSource.makeTimerSource(queue: .global())
    timer.setEventHandler { unplugged.unplug() }
    timer.schedule(deadline: .now() + 0.3)
    timer.resume()
    #expect(compare(unplugged).contains("the line was closed"))
    let noisy = try Terminal()
    try noisy.run("/bin/sh", ["-c", "head -c 300000 /dev/urandom; exec sleep 20"])
    let said = compare(noisy)
    #expect(said.contains("bytes are lost or changed"), "\(said)")
  }
}
