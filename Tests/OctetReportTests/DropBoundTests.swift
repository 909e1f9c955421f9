import OctetReport
import Testing

@Suite struct DropBoundTests {
  /// Points of the normal distribution as tables have them.
  @Test func quantiles() {
    #expect(abs(DropBound.normalQuantile(0.975) - WilsonInterval.z95) < 1e-9)
    #expect(abs(DropBound.normalQuantile(0.95) - 1.644_853_626_951_473) < 1e-9)
  }

  /// Without flips the bound is Wilson's for no success, and as many samples as are asked for show
  /// it.
  @Test(arguments: [10, 500, 10_000])
  func noFlips(count: Int) {
    let bound = DropBound.upper(
      rightToWrong: 0, wrongToRight: 0, sampleCount: count, confidence: 0.95)
    let z = DropBound.normalQuantile(0.95)
    let wilson = WilsonInterval(successCount: 0, trialCount: count, z: z)
    #expect(abs(bound - wilson.upper) < 1e-9)
    let least = DropBound.leastSampleCount(for: bound, confidence: 0.95)
    #expect(abs(least - count) <= 1)
  }

  /// More losses, fewer samples and more confidence raise it; gains lower it.
  @Test func order() {
    func bound(_ lost: Int, _ gained: Int, _ count: Int = 1000, _ confidence: Double = 0.95)
      -> Double
    {
      DropBound.upper(
        rightToWrong: lost, wrongToRight: gained, sampleCount: count, confidence: confidence)
    }
    #expect(bound(5, 3) > bound(4, 3))
    #expect(bound(5, 3) > bound(5, 4))
    #expect(bound(5, 3, 500) > bound(5, 3))
    #expect(bound(5, 3, 1000, 0.99) > bound(5, 3))
    #expect(bound(5, 3) > 0.002)
    #expect(bound(0, 30) < 0)
    #expect(bound(1000, 0) == 1)
    #expect(DropBound.upper(rightToWrong: 0, wrongToRight: 0, sampleCount: 0, confidence: 0.9) == 1)
  }

  /// The share of samplings whose bound is below the truth is no more than was promised.
  @Test func coverage() {
    var state: UInt64 = 9
    func uniform() -> Double {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / Double(1 << 53)
    }
    var broken = 0
    for _ in 0..<2000 {
      var (lost, gained) = (0, 0)
      for _ in 0..<400 {
        let draw = uniform()
        if draw < 0.03 { lost += 1 } else if draw < 0.045 { gained += 1 }
      }
      let bound = DropBound.upper(
        rightToWrong: lost, wrongToRight: gained, sampleCount: 400, confidence: 0.95)
      if bound < 0.015 { broken += 1 }
    }
    #expect(broken < 130, "\(broken) of 2000")
  }
}
