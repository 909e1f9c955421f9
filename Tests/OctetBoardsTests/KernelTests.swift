import Foundation
import OctetBoards
import OctetCompiler
import OctetRuntime
import Testing

/// Boards, and processors to emulate where the kernels are chosen at run time.
private let cases: [(board: String, processor: String?)] = [
  ("cortex-m0", nil), ("cortex-m3", nil), ("cortex-m4", nil), ("linux-armv6", nil),
  ("linux-armv7", nil), ("linux-aarch64", "cortex-a53"), ("linux-aarch64", "cortex-a76"),
  ("linux-aarch64", "max"),
  ("cortex-m55", nil), ("linux-riscv64v", nil),
]

@Suite(.enabled(if: emulatorsAreInstalled, "QEMU is not installed"), .serialized)
struct KernelTests {
  /// More of them with OCTET_KERNEL_SEEDS.
  private static let seedCount =
    ProcessInfo.processInfo.environment["OCTET_KERNEL_SEEDS"].flatMap { Int($0) } ?? 1

  @Test("Random layers give the host's bytes", arguments: cases)
  func matchesHost(board: String, processor: String?) throws {
    var board = try Board.named(board)
    if let processor { board = board.emulating(processor) }
    for seed in 1...Self.seedCount {
      let blob = try RandomLayers.blob(seed: UInt64(seed), count: 24)
      let model = try blob.model()
      let inputs = LeNet.samples(2, byteCount: model.input(0).byteCount, seed: 3)
      let result = try BoardRunner.buildAndRun(blob, on: board, inputs: inputs)
      #expect(result.outputsMatchHost, "seed \(seed): \(result.failure)")
      #expect(result.selfTestPassed, "seed \(seed)")
      if let bound = result.firmware.stackBoundByteCount {
        #expect(result.stackByteCount <= bound, "seed \(seed)")
      }
      #expect(result.operators.count == model.operatorCount)
      #expect(result.operators.allSatisfy { $0.instructionCount ?? 0 > 0 })
    }
  }

  /// Layers of int16: channels and patches that are no multiples of four and eight, with places
  /// for patches and without, as blobs from before have none.
  @Test("Layers of int16 give the host's bytes", arguments: cases)
  func wide(board: String, processor: String?) throws {
    var board = try Board.named(board)
    if let processor { board = board.emulating(processor) }
    var layers = GraphOfLayers(height: 9, width: 7, channels: 3, elementType: .int16)
    layers.convolution(kernel: 3, padding: 1, outputs: 6, poolOf: 1)
    layers.depthwise(kernel: 3)
    layers.convolution(kernel: 1, padding: 0, outputs: 8, poolOf: 2)
    layers.convolution(kernel: 1, padding: 0, outputs: 3, poolOf: 1)
    layers.fullyConnected(outputs: 5)
    let blob = try Compiler.compile(layers.finished()).blob
    let model = try blob.model()
    var none = blob.bytes
    for view in (0..<model.operatorCount).map(model.operator) {
      none.put(0, at: OperatorRecord.scratchByteCount, in: view.offset)
    }
    none.putChecksum()
    let inputs = LeNet.samples(2, byteCount: model.input(0).byteCount, seed: 3)
    for blob in board.name == "cortex-m4" ? [blob, Blob(none)] : [blob] {
      let result = try BoardRunner.buildAndRun(blob, on: board, inputs: inputs)
      #expect(result.outputsMatchHost && result.selfTestPassed, "\(result.failure)")
    }
  }

  /// Depthwise layers: with scratch memory for pairs of rows, with what a band of single rows
  /// needs, and without, as blobs from before have none. 5 channels: the last four overlap the
  /// first.
  @Test(arguments: [12, 5])
  func depthwise(channels: Int) throws {
    var layers = GraphOfLayers(height: 9, width: 7, channels: channels)
    layers.depthwise(kernel: 3)
    layers.depthwise(kernel: 5)
    let blob = try Compiler.compile(layers.finished()).blob
    let model = try blob.model()
    var (least, none) = (blob.bytes, blob.bytes)
    for view in (0..<model.operatorCount).map(model.operator) {
      #expect(view.kind == .depthwiseConvolution)
      #expect(view.scratchByteCount >= view.neededScratchByteCount)
      least.put(
        UInt32(view.neededScratchByteCount), at: OperatorRecord.scratchByteCount, in: view.offset)
      none.put(0, at: OperatorRecord.scratchByteCount, in: view.offset)
    }
    least.putChecksum()
    none.putChecksum()
    let inputs = LeNet.samples(2, byteCount: model.input(0).byteCount, seed: 3)
    let runs = try [blob, Blob(least), Blob(none)].map {
      try BoardRunner.buildAndRun($0, on: try Board.named("cortex-m4"), inputs: inputs)
    }
    #expect(runs.allSatisfy { $0.outputsMatchHost && $0.selfTestPassed })
    // More memory never makes it slower, and none is another kernel.
    let counts = try runs.map { try #require($0.instructionsPerInference) }
    #expect(counts[0] <= counts[1] && counts[1] < counts[2], "\(counts)")
  }

  /// Dense layers whose rows are short: with none to three weights behind their fours, or fewer
  /// than four; with none to three rows behind theirs, or one alone.
  @Test(arguments: ["cortex-m4", "linux-armv6"])
  func shortRows(board: String) throws {
    var layers = GraphOfLayers(height: 1, width: 1, channels: 64)
    for outputs in [10, 33, 12, 7, 6, 3, 5, 2, 1, 4] { layers.fullyConnected(outputs: outputs) }
    let blob = try Compiler.compile(layers.finished()).blob
    let model = try blob.model()
    let inputs = LeNet.samples(3, byteCount: model.input(0).byteCount, seed: 3)
    let result = try BoardRunner.buildAndRun(blob, on: try Board.named(board), inputs: inputs)
    #expect(result.outputsMatchHost && result.selfTestPassed, "\(result.failure)")
    // The first, 64 → 10, in 1,873 cycles.
    if let cycles = result.operators.first(where: { $0.macCount == 640 })?.cycleCount {
      #expect(cycles < 1950, "\(cycles) cycles")
    }
  }
}
