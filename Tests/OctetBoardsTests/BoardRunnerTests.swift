import Foundation
import OctetBoards
import OctetCompiler
import Testing

/// Whether a program is on the PATH; tests that need QEMU are skipped, visibly, without it.
func isInstalled(_ name: String) -> Bool {
  (ProcessInfo.processInfo.environment["PATH"] ?? "").split(separator: ":").contains {
    FileManager.default.isExecutableFile(atPath: "\($0)/\(name)")
  }
}

let emulatorsAreInstalled = Board.all.allSatisfy { isInstalled($0.emulator[0]) }

/// A folder that is removed after `body`.
func withTemporaryFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
  let folder = FileManager.default.temporaryDirectory
    .appendingPathComponent("octet-tests-\(UUID().uuidString)")
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  defer { try? FileManager.default.removeItem(at: folder) }
  return try body(folder)
}

@Suite(.enabled(if: emulatorsAreInstalled, "QEMU is not installed"), .serialized)
struct BoardRunnerTests {
  @Test("The same bytes as on the host, within the budgets", arguments: Board.all.map(\.name))
  func matchesHost(name: String) throws {
    let board = try Board.named(name)
    let blob = try LeNet.blob()
    try withTemporaryFolder { folder in
      let firmware = try BoardBuilder(board).build(blob, into: folder)
      let inputs = LeNet.samples(3, byteCount: 784)
      let result = try BoardRunner(firmware).run(blob, inputs: inputs)
      #expect(result.outputsMatchHost)
      #expect(result.selfTestPassed)
      #expect(result.sampleCount == 3)
      #expect(result.outputs.count == 30)
      #expect(Set(result.outputs).count > 3, "the fixture's outputs say something")
      #expect(try #require(result.instructionsPerInference) > 100_000)
      #expect(result.stackByteCount < 1024)
      switch board.family {
      case .linux:
        #expect(firmware.fileByteCount <= 65536)
      case .cortexM:
        #expect(firmware.textByteCount <= 12288)
        #expect(result.ramByteCount <= 3072)
        #expect(firmware.dataByteCount == 0, "no variables of the model or the runtime in RAM")
      }
    }
  }
}
