import OctetModel
import OctetRuntime
import TestNetworks
import Testing

/// A small file cannot ask for much work: validation takes no longer for large numbers in it.
@Suite struct ModelLimitTests {
  /// A chain of pools of one pixel.
  private func chain(poolCount: Int) throws -> [UInt8] {
    var builder = NetworkBuilder(seed: 1, height: 8, width: 1, channelCount: 1)
    for index in 0..<poolCount {
      let pool = PoolAttributes(kernel: Extent(1), stride: Extent(1))
      try builder.maxPool("pool\(index)", pool)
    }
    return try Networks.compiled(builder.finished(), sampleCount: 1).blob.bytes
  }

  @Test(.timeLimit(.minutes(1)))
  func tallTensors() throws {
    var bytes = try chain(poolCount: 50)
    let rowCount = UInt32(BlobLimits.elementCount)
    let tensors = Int(bytes.u32(BlobHeader.tensorOffset))
    for index in 0..<51 {
      let record = tensors + TensorRecord.byteCount * index
      // Each output before its input, as close as it may be.
      bytes.put(UInt32(4 * (50 - index)), at: record + TensorRecord.offset)
      bytes.put(rowCount, at: record + TensorRecord.tensorByteCount)
      bytes.put(rowCount, at: record + TensorRecord.dimensions + 4)
    }
    bytes.put(rowCount + 200, at: BlobHeader.arenaByteCount)
    bytes.put(0, at: BlobHeader.selfTestByteCount)
    bytes.repairChecksum()
    #expect(refusal(bytes) == nil)
  }

  /// One input named over and over.
  @Test(.timeLimit(.minutes(1)))
  func inputsAreNoMoreThanTensors() throws {
    var bytes = try chain(poolCount: 2)
    let counts = bytes.u32(BlobHeader.inputCount)
    bytes.put(counts & 0xFFFF_0000 | 4, at: BlobHeader.inputCount)
    bytes.repairChecksum()
    #expect(refusal(bytes)?.cause == .modelInputsOutputs)
  }

  @Test func countsBeyondTheLimits() throws {
    let bytes = try chain(poolCount: 2)
    for (field, limit) in [
      (BlobHeader.tensorCount, BlobLimits.tensorCount),
      (BlobHeader.operatorCount, BlobLimits.operatorCount),
    ] {
      var changed = bytes
      changed[field] = UInt8((limit + 1) & 0xFF)
      changed[field + 1] = UInt8((limit + 1) >> 8)
      changed.repairChecksum()
      #expect(refusal(changed)?.cause == .tooLarge)
    }
    var changed = bytes
    changed.put(UInt32(BlobLimits.arenaByteCount + 1), at: BlobHeader.arenaByteCount)
    changed.repairChecksum()
    #expect(refusal(changed)?.cause == .tooLarge)
  }

  /// The distance that lets an output overwrite its input, against its definition row by row.
  @Test func overlapDistances() throws {
    for seed in 1...60 {
      var random = RandomSource(seed: seed)
      let kernel = random.int(1...4)
      var attributes = PoolAttributes(
        kernel: Extent(kernel), stride: Extent(random.int(1...5)))
      attributes.padding = Padding(
        top: random.int(0...kernel - 1), left: random.int(0...kernel - 1),
        bottom: random.int(0...kernel - 1), right: random.int(0...kernel - 1))
      var builder = NetworkBuilder(
        seed: seed, height: random.int(4...12), width: random.int(4...12), channelCount: 2)
      try builder.averagePool("pool", attributes)
      let blob = try Networks.compiled(builder.finished(), sampleCount: 1).blob
      try withExtendedLifetime(blob) {
        let view = try blob.model().operator(0)
        let (input, output) = (view.input(0), view.output(0))
        let distance = (0..<output.height).map { row in
          let start = max(0, row * attributes.stride.height - attributes.padding.top)
          return (row + 1) * output.width * 2 - start * input.width * 2
        }.max()
        #expect(view.overlapDistance(input: 0) == distance, "seed \(seed)")
      }
    }
  }
}
