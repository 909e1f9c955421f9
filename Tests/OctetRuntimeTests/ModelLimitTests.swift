import BlobFuzz
import Foundation
import OctetCompiler
import OctetModel
import OctetRuntime
import TestNetworks
import TestData
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
    // 26 steps a pixel, fewer than 2³¹ in all.
    let rowCount = UInt32(1 << 31 / (26 * 50) - 256)
    let tensors = Int(bytes.value(of: BlobHeader.tensorOffset))
    for index in 0..<51 {
      let record = tensors + TensorRecord.byteCount * index
      // Each output before its input, as close as it may be.
      bytes.put(UInt32(4 * (50 - index)), at: TensorRecord.dataOffset, in: record)
      bytes.put(rowCount, at: TensorRecord.tensorByteCount, in: record)
      bytes.put(rowCount, at: Field<UInt32>(TensorRecord.dimensions.offset + 4), in: record)
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
    bytes.put(4, at: BlobHeader.inputCount)
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
      changed.put(UInt16(limit + 1), at: field)
      changed.repairChecksum()
      #expect(refusal(changed)?.cause == .tooLarge)
    }
    var changed = bytes
    changed.put(UInt32(BlobLimits.arenaByteCount + 1), at: BlobHeader.arenaByteCount)
    changed.repairChecksum()
    #expect(refusal(changed)?.cause == .tooLarge)
  }

  /// A window over the whole of an image at each of its pixels: 10¹² reads in 300 bytes.
  @Test(.timeLimit(.minutes(1)))
  func windowsOverEverything() throws {
    let blob = try chain(poolCount: 1)
    let cases = [(100, nil), (200, ModelError.Cause.tooManySteps), (1000, .tooManySteps)]
    for (extent, cause) in cases {
      var bytes = blob
      let pixelCount = UInt32(extent * extent)
      let tensors = Int(bytes.value(of: BlobHeader.tensorOffset))
      for index in 0..<2 {
        let record = tensors + TensorRecord.byteCount * index
        bytes.put(UInt32(index) * pixelCount, at: TensorRecord.dataOffset, in: record)
        bytes.put(pixelCount, at: TensorRecord.tensorByteCount, in: record)
        bytes.put(UInt32(extent), at: Field<UInt32>(TensorRecord.dimensions.offset + 4), in: record)
        bytes.put(UInt32(extent), at: Field<UInt32>(TensorRecord.dimensions.offset + 8), in: record)
      }
      let words = Int(bytes.value(of: BlobHeader.parameterOffset))
      for word in [MaxPool.Word.kernelHeight, MaxPool.Word.kernelWidth] {
        bytes.put(UInt32(2 * extent), at: words + 4 * word.rawValue)
      }
      for word in [MaxPool.Word.paddingTop, MaxPool.Word.paddingLeft] {
        bytes.put(UInt32(extent), at: words + 4 * word.rawValue)
      }
      bytes.put(2 * pixelCount, at: BlobHeader.arenaByteCount)
      bytes.put(0, at: BlobHeader.selfTestByteCount)
      bytes.repairChecksum()
      // 2 · 100⁴ is less than 2³¹, 2 · 200⁴ is more.
      #expect(refusal(bytes)?.cause == cause, "\(extent)")
    }
  }

  /// Operators together name at most as many bytes as the data has: what they share is prepared for
  /// each.
  @Test func sharedData() throws {
    var builder = NetworkBuilder(seed: 1, height: 1, width: 1, channelCount: 16)
    for name in ["a", "b", "c"] { try builder.fullyConnected(name, outputCount: 16) }
    var bytes = try Networks.compiled(builder.finished(), sampleCount: 1).blob.bytes
    #expect(refusal(bytes) == nil)
    // The whole data section becomes that of one layer.
    let first = Int(bytes.value(of: BlobHeader.parameterOffset))
    let next = first + 4 * FullyConnected.parameterCount
    let words = (0..<4).map { 4 * (FullyConnected.Word.weights.rawValue + $0) }
    let end = Int(bytes.u32(next + words[0]) - bytes.value(of: BlobHeader.dataOffset))
    for index in 1..<3 {
      for word in words {
        let record = first + 4 * FullyConnected.parameterCount * index
        bytes.put(bytes.u32(first + word), at: record + word)
      }
    }
    bytes.put(UInt32(end + BlobLimits.overreadByteCount), at: BlobHeader.dataByteCount)
    bytes.put(0, at: BlobHeader.selfTestByteCount)
    bytes.repairChecksum()
    #expect(refusal(bytes)?.cause == .sharedData)
  }

  /// A name that thousands of records may share is not long.
  @Test func longNames() throws {
    let blob = try chain(poolCount: 2)
    for (count, cause) in [(255, nil), (256, ModelError.Cause.longName)] {
      var bytes = blob
      let strings = Int(bytes.value(of: BlobHeader.stringOffset))
      let end = bytes.count
      // The strings move behind everything else.
      bytes += [UInt8](repeating: 0x41, count: count) + [0]
      while bytes.count % 4 != 0 { bytes.append(0) }
      #expect(strings < end)
      bytes.put(UInt32(end), at: BlobHeader.stringOffset)
      bytes.put(UInt32(bytes.count - end), at: BlobHeader.stringByteCount)
      bytes.put(UInt32(bytes.count), at: BlobHeader.blobByteCount)
      for index in 0..<3 {
        let record = Int(bytes.value(of: BlobHeader.tensorOffset)) + TensorRecord.byteCount * index
        bytes.put(0, at: TensorRecord.name, in: record)
      }
      for index in 0..<2 {
        let record =
          Int(bytes.value(of: BlobHeader.operatorOffset)) + OperatorRecord.byteCount * index
        bytes.put(0, at: OperatorRecord.name, in: record)
      }
      bytes.repairChecksum()
      #expect(refusal(bytes)?.cause == cause, "\(count) bytes")
    }
  }

  /// The networks that people have are within the limits: multiply-adds, bytes of weights, and the
  /// largest layer's.
  @Test(arguments: [
    ("MobileNetV2 0.35, 96²", 11e6, 1_700_000, 448_000),
    ("MobileNetV2, 224²", 301e6, 3_500_000, 1_280_000),
    ("AlexNet", 714e6, 61_100_000, 37_748_736),
    ("VGG-11", 7.6e9, 132_900_000, 102_760_448),
    ("VGG-19", 19.6e9, 143_700_000, 102_760_448),
    ("ResNet-152", 11.5e9, 60_200_000, 2_359_296),
    ("FSRCNN, to 720p", 3.3e9, 12_500, 3_000),
  ])
  func familiarNetworks(name: String, products: Double, byteCount: Int, largest: Int) {
    // Sums count 16 beside their products; in no network do they make it half as much again.
    let steps = Double(BlobLimits.workCount(dataByteCount: byteCount)) * 256
    #expect(1.5 * products <= steps, "\(name)")
    #expect(largest <= BlobLimits.weightCount)
  }

  /// Files that asked for minutes or gigabytes.
  @Test(
    .needing("findings/poolsmall.oct"),
    arguments: [
      ("poolsmall", ModelError.Cause.tooManySteps), ("poolbomb", .tooManySteps),
      ("ws16k", .sharedData), ("fcshare", .sharedData), ("wsbomb", .sharedData),
      ("ln20k", .longName), ("wrapbias", .sumOverflow),
    ])
  func filesThatAskTooMuch(name: String, cause: ModelError.Cause) throws {
    let url = try SharedData.url("findings/\(name).oct")
    #expect(refusal([UInt8](try Data(contentsOf: url)))?.cause == cause)
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
