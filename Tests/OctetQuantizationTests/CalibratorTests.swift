import OctetModel
import OctetQuantization
import TestNetworks
import Testing

/// Ranges chosen from histograms whose answer can be worked out by hand.
@Suite struct CalibratorTests {
  private func histogram(_ values: [Float], lower: Float? = nil, upper: Float? = nil) -> ValueCounts {
    var result = ValueCounts(
      lower: lower ?? min(0, values.min() ?? 0), upper: upper ?? max(0, values.max() ?? 0))
    values.withUnsafeBufferPointer { result.add($0) }
    return result
  }

  @Test func binsAndZeros() {
    let result = histogram([0, 0, -1, -0.999, 0.5, 1, 1, 0], lower: -1, upper: 1)
    #expect(result.zeroCount == 3 && result.totalCount == 8)
    #expect(result.step == Float(2) / 2048)
    #expect(result.counts[0] == 1 && result.counts[1] == 1)
    #expect(result.counts[1024 + 512] == 1 && result.counts[2047] == 2)
    #expect(result.center(0) == -1 + result.step / 2)
  }

  @Test func mergingAddsCounts() {
    var left = histogram([0, 0.25, 1], lower: 0, upper: 1)
    left.merge(histogram([0, 0.75], lower: 0, upper: 1))
    #expect(left == histogram([0, 0, 0.25, 0.75, 1], lower: 0, upper: 1))
  }

  @Test(arguments: Calibrator.allCases)
  func nothingButZeros(calibrator: Calibrator) {
    let range = calibrator.range(histogram([0, 0, 0]))
    #expect(range == ValueRange(lower: 0, upper: 0))
    #expect(range.quantization.scale == 1 && range.quantization.zeroPoint == 0)
  }

  @Test func minMaxKeepsEverything() {
    let range = Calibrator.minMax.range(histogram([-0.25, 3]))
    #expect(range == ValueRange(lower: -0.25, upper: 3))
  }

  /// 100,000 values around 1 and five at 100: the five are 0.005 %, below the share left out.
  @Test func percentileLeavesOutTheTail() {
    let bulk = (0..<100_000).map { 0.5 + Float($0 % 100) / 100 }
    let few = histogram(bulk + [Float](repeating: 100, count: 5))
    #expect(Calibrator.percentile.range(few).upper < 2)
    // Twenty of them are 0.02 %: they stay.
    let more = histogram(bulk + [Float](repeating: 100, count: 20))
    #expect(Calibrator.percentile.range(more).upper == 100)
    // The same below zero.
    let negative = histogram(bulk.map { -$0 } + [Float](repeating: -100, count: 5))
    #expect(Calibrator.percentile.range(negative).lower > -2)
    #expect(Calibrator.percentile.range(negative).upper == 0)
  }

  /// A million values in 0…1 and one at 10: clipping the one costs 81, keeping it costs the million
  /// a step ten times as coarse, 10⁶ · (10/255)² / 12 = 128.
  @Test func meanSquareErrorWeighsClippingAgainstRounding() {
    var result = ValueCounts(lower: 0, upper: 10)
    let bulk = (0..<1000).map { (Float($0) + 0.5) / 1000 }
    bulk.withUnsafeBufferPointer { for _ in 0..<1000 { result.add($0) } }
    [Float(10)].withUnsafeBufferPointer { result.add($0) }
    #expect(Calibrator.meanSquareError.range(result).upper < 5)
    // With a hundred times as many at 10, clipping them costs 8,100.
    let many = [Float](repeating: 10, count: 100)
    many.withUnsafeBufferPointer { result.add($0) }
    #expect(Calibrator.meanSquareError.range(result).upper > 9)
  }

  /// Rounding error grows with the range: an even distribution is best kept whole.
  @Test func anEvenDistributionIsKept() {
    let even = histogram((0...20_000).map { Float($0) / 20_000 })
    #expect(Calibrator.meanSquareError.range(even).upper > 0.98)
  }

  @Test(arguments: Calibrator.allCases)
  func rangesHoldZeroAndStayInside(calibrator: Calibrator) {
    for seed in 1...20 {
      var random = TestRandom(seed: seed)
      let center = Float.random(in: -2...2, using: &random)
      let values = (0..<500).map { _ in center + Float.random(in: -1...1, using: &random) }
      let seen = histogram(values)
      let range = calibrator.range(seen)
      #expect(range.lower <= 0 && range.upper >= 0)
      #expect(range.lower >= seen.lower && range.upper <= seen.upper + seen.step, "seed \(seed)")
    }
  }

  /// 0.0 is exactly representable, and the range's ends are codes to within half a step.
  @Test func rangesBecomeScalesAndZeroPoints() {
    for seed in 1...200 {
      var random = TestRandom(seed: seed)
      let range = ValueRange(
        lower: Float.random(in: -9...0.5, using: &random),
        upper: Float.random(in: -0.5...9, using: &random))
      let (scale, zeroPoint) = range.quantization
      #expect((-128...127).contains(zeroPoint))
      let lowest = scale * Float(-128 - zeroPoint)
      let highest = scale * Float(127 - zeroPoint)
      #expect(abs(lowest - range.lower) <= 0.501 * scale, "seed \(seed)")
      #expect(abs(highest - range.upper) <= 0.501 * scale, "seed \(seed)")
    }
    #expect(ValueRange(lower: 0, upper: 255).quantization == (1, -128))
    #expect(ValueRange(lower: -255, upper: 0).quantization == (1, 127))
    #expect(ValueRange(lower: 0, upper: 1e-40).quantization == (1, 0))
  }

  // MARK: Calibration of a graph

  @Test func everyActivationIsSeen() throws {
    let graph = try Networks.tiny().simplified()
    let calibration = try Calibration(graph, samples: Networks.samples(3), threadCount: 1)
    let activations = graph.tensors.indices.filter { graph.tensors[$0].constant == nil }
    #expect(Set(calibration.histograms.keys) == Set(activations))
    for index in activations {
      let total = calibration.histograms[index]?.totalCount
      #expect(total == UInt64(3 * graph.tensors[index].elementCount))
    }
  }

  @Test func samplesThatAreNotFinite() throws {
    let graph = try Networks.tiny()
    for value in [Float.nan, .infinity, -.infinity] {
      let samples = CalibrationSamples(count: 9) { index, _, target in
        for element in target.indices { target[element] = index == 7 && element == 5 ? value : 0.5 }
      }
      let error = #expect(throws: QuantizationError.self) {
        try Quantizer.quantize(graph, samples: samples, options: .init())
      }
      guard case .notFinite = error else {
        Issue.record("\(String(describing: error))")
        continue
      }
    }
    #expect(throws: QuantizationError.noCalibrationSamples) {
      try Quantizer.quantize(graph, samples: Networks.samples(0), options: .init())
    }
  }

  @Test(arguments: [2, 3, 8, 50])
  func threadsChangeNothing(threadCount: Int) throws {
    let graph = try Networks.tiny()
    var options = Quantizer.Options()
    let one = try Quantizer.quantize(graph, samples: Networks.samples(11), options: options)
    options.threadCount = threadCount
    let many = try Quantizer.quantize(graph, samples: Networks.samples(11), options: options)
    #expect(one.graph == many.graph && one.ranges == many.ranges)
  }
}
