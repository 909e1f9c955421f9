import OctetReport
import Testing

@Suite struct SignificanceTests {
  /// Figures of R's `binom::binom.wilson` for the first three.
  @Test(
    arguments: [
      (9, 10, 0.595_849_7, 0.982_123_8), (0, 10, 0, 0.277_532_8), (10, 10, 0.722_467_2, 1),
      (0, 0, 0, 1),
    ] as [(Int, Int, Double, Double)])
  func wilson(successCount: Int, trialCount: Int, lower: Double, upper: Double) {
    let interval = WilsonInterval(successCount: successCount, trialCount: trialCount)
    #expect(abs(interval.lower - lower) < 1e-6)
    #expect(abs(interval.upper - upper) < 1e-6)
  }

  /// With z² = 4 and 3 of 4: centre (3/4 + 1/2) / 2 = 5/8, half width √(3/64 + 1/16) = √7/8.
  @Test func wilsonByHand() {
    let interval = WilsonInterval(successCount: 3, trialCount: 4, z: 2)
    #expect(abs(interval.lower - (5 - 7.0.squareRoot()) / 8) < 1e-15)
    #expect(abs(interval.upper - (5 + 7.0.squareRoot()) / 8) < 1e-15)
  }

  /// 2 · (1 + 12) / 2^12; 2 · (1 + 5) / 2^5; 2 / 2^24; balanced counts say nothing.
  @Test(
    arguments: [
      (1, 11, 26.0 / 4096), (4, 1, 12.0 / 32), (24, 0, 0x1p-23), (0, 0, 1), (3, 3, 1), (1, 0, 1),
    ] as [(Int, Int, Double)])
  func exactMcNemar(b: Int, c: Int, pValue: Double) {
    let test = McNemarTest(rightToWrong: b, wrongToRight: c)
    #expect(test.method == .exactBinomial)
    #expect(test.pValue == pValue)
    #expect(test == McNemarTest(rightToWrong: c, wrongToRight: b))
  }

  @Test func text() {
    #expect(McNemarTest(rightToWrong: 3, wrongToRight: 1).text == "p = 0.625")
    #expect(McNemarTest(rightToWrong: 300, wrongToRight: 0).text == "p < 0.0001")
  }

  /// (|25 − 15| − 1)² / 40 = 2.025: p = 0.1547; the 5 % point of chi-square is 3.8415.
  @Test func chiSquareMcNemar() {
    let test = McNemarTest(rightToWrong: 25, wrongToRight: 15)
    #expect(test.method == .chiSquareWithContinuity)
    #expect(abs(test.pValue - 0.154_729) < 1e-5)
    #expect(!test.isSignificant)
    #expect(McNemarTest(rightToWrong: 20, wrongToRight: 20).pValue == 1)
    #expect(McNemarTest(rightToWrong: 100, wrongToRight: 50).isSignificant)
  }
}

@Suite struct CodeUsageTests {
  @Test func sharesByHand() {
    var usage = CodeUsage()
    usage.add(([-128, -128, 0, 127, 5, 5, 5, 5] as [Int8]).span)
    #expect(usage.totalCount == 8 && usage.count(of: 5) == 4)
    #expect(usage.saturatedShare(at: [.low, .high]) == 3.0 / 8)
    #expect(usage.saturatedShare(at: .high) == 1.0 / 8)
    #expect(usage.neverUsedShare() == 252.0 / 256)
    #expect(usage.neverUsedShare(in: 0...9) == 8.0 / 10)
    #expect(CodeUsage().saturatedShare(at: .low) == 0)
    var twice = usage
    twice.merge(usage)
    #expect(twice.totalCount == 16 && twice.count(of: 127) == 2)
  }
}

@Suite struct HistogramTests {
  @Test func binsByHand() throws {
    var histogram = Histogram(0...2, binCount: 4)
    for value in [0, 0.49, 0.5, 1, 1.99, 2, -0.1, 2.1, .infinity, -.infinity, .nan] {
      histogram.add(value)
    }
    #expect(histogram.counts == [2, 1, 1, 2])
    #expect(histogram.belowCount == 2 && histogram.aboveCount == 2 && histogram.nanCount == 1)
    #expect(histogram.totalCount == 11)
    var twice = histogram
    try twice.merge(histogram)
    #expect(twice.counts == [4, 2, 2, 4] && twice.nanCount == 2)
    #expect(throws: ReportError.shardMismatch(what: "the bins of a histogram")) {
      try twice.merge(Histogram(0...2, binCount: 5))
    }
  }
}
