import Foundation
import OctetBoards
import OctetCompiler
import OctetRuntime
import Testing

/// What chooses kernels is met at its corners, on every backend and core.
struct SweepTests {
  @Test(arguments: Sweep.all) func hostMatchesOracle(sweep: Sweep) async throws {
    try await sweep.visit { wide in
      for backend in Backend.available {
        let outputs = try wide.operation.run(
          wide.inputs, backend: backend, expected: [wide.expected])
        #expect(outputs == [wide.expected], "\(wide), \(backend)")
      }
    }
  }

  @Test(
    .enabled(if: SweptBoard.all.allSatisfy(\.board.canBeEmulatedHere), "QEMU is not installed"),
    arguments: SweptBoard.all)
  func boardsMatchOracle(swept: SweptBoard) throws {
    let packs = try SweptPack.packs(count: swept.packCount)
    var builder = try BoardBuilder(swept.board)
    builder.arenaByteCount = packs.map(\.arenaByteCount).max()
    // One program of Linux runs all packs, whatever operators they have.
    builder.selectsOperators = swept.board.family != .linux
    try withTemporaryFolder { folder in
      var built: Firmware?
      for pack in packs {
        // Bare metal holds the model itself.
        if built == nil || swept.board.family != .linux {
          built = try builder.build(Blob(pack.bytes), into: folder)
        }
        guard var firmware = built else { return }
        try Data(pack.bytes).write(to: firmware.model)
        for processor in swept.processors {
          firmware.board = processor.map { swept.board.emulating($0) } ?? swept.board
          let machine = try EmulatedMachine(firmware)
          defer { machine.close() }
          let outputs = try machine.run(inputs: pack.inputs).outputs
          #expect(outputs.count == pack.expected.count)
          if let wrong = pack.firstDifference(outputs) {
            Issue.record("\(swept.board.name), \(processor ?? ""): \(wrong)")
            return
          }
        }
      }
    }
  }
}
