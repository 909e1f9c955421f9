import Foundation
import OctetReport
import Testing

@Suite struct SignalErrorTests {
  private static func error(
    _ reference: [Float], _ codes: [Int8], scale: Float = 1, zeroPoint: Int32 = 0
  ) -> SignalError {
    var error = SignalError()
    error.add(
      reference: reference.span, codes: codes.span, scale: scale, zeroPoint: zeroPoint)
    return error
  }

  /// r = 3, 4, 0, 0, 0; t = 3, 3, 0, 0, 1: Σr² = 25, Σe² = 2, Σt² = 19, Σrt = 21.
  @Test func workedByHand() {
    let error = Self.error([3, 4, 0, 0, 0], [3, 3, 0, 0, 1])
    #expect(error.elementCount == 5)
    #expect(abs(error.sqnrDecibels - 10.969_100_130_080_564) < 1e-12)  // 10 log10(12.5)
    #expect(error.rmse == 0.4.squareRoot())
    #expect(abs(error.rmseOverScale(2) - 0.4.squareRoot() / 2) < 1e-15)
    #expect(abs(error.cosine - 21 / (5 * 19.0.squareRoot())) < 1e-15)
    #expect(error.maxAbsError == 1)
    #expect(error.clippedShare == 0)
  }

  /// scale 0.5, zero point −128: codes reach 0 … 127.5; half a step beyond is rounding.
  @Test func clippingBeginsHalfAStepOutside() {
    let reference: [Float] = [0, 127.5, 127.75, 127.76, 200, -0.25, -0.26, 1]
    let codes: [Int8] = [-128, 127, 127, 127, 127, -128, -128, -126]
    let error = Self.error(reference, codes, scale: 0.5, zeroPoint: -128)
    #expect(error.clippedCount == 3)
    #expect(error.clippedShare == 3.0 / 8)
    #expect(error.maxAbsError == 72.5)
  }

  @Test func exactAndEmptyAndZero() {
    let exact = Self.error([1, 2, -3], [1, 2, -3])
    #expect(exact.sqnrDecibels == .infinity && exact.rmse == 0)
    #expect(abs(exact.cosine - 1) < 1e-15)
    #expect(Self.error([0, 0], [0, 0]).cosine == 1)
    #expect(Self.error([0, 0], [0, 1]).cosine == 0)
    #expect(Self.error([0, 0], [0, 1]).sqnrDecibels == -.infinity)
    let empty = SignalError()
    #expect(empty.rmse == 0 && empty.clippedShare == 0 && empty.sqnrDecibels == .infinity)
    #expect(Self.error([.nan, 0], [0, 0]).maxAbsError.isNaN)
  }

  @Test func realAgainstReal() {
    var error = SignalError()
    error.add(reference: ([3, 4] as [Float]).span, other: ([3, 3] as [Float]).span)
    #expect(error.rmse == 0.5.squareRoot() && error.maxAbsError == 1)
  }

  /// A uniform ramp rounded to the nearest code errs by 1/√12 of a step.
  @Test func roundingAloneIsIdeal() {
    let reference = (0..<100_000).map { Float($0) * 0.001 - 50 }
    let codes = reference.map { Int8($0.rounded()) }
    let ratio = Self.error(reference, codes).rmseOverScale(1)
    #expect(abs(ratio - (1.0 / 12).squareRoot()) < 1e-4)
  }

  @Test(arguments: [1, 2, 3, 8])
  func shardsGiveExactlyTheWholeRun(shardCount: Int) throws {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SplitMix(state: seed)
    let samples = (0..<50).map { _ in
      (0..<37).map { _ in Float.random(in: -3...3, using: &generator) }
    }
    func add(_ sample: [Float], to error: inout SignalError) {
      let codes = sample.map { Int8(max(-128, min(127, ($0 / 0.02).rounded()))) }
      error.add(reference: sample.span, codes: codes.span, scale: 0.02, zeroPoint: 0)
    }
    var whole = SignalError()
    for sample in samples { add(sample, to: &whole) }
    var merged = SignalError()
    for shard in (0..<shardCount).reversed() {
      var part = SignalError()
      for index in stride(from: shard, to: samples.count, by: shardCount) {
        add(samples[index], to: &part)
      }
      let saved = try JSONEncoder().encode(part)
      merged.merge(try JSONDecoder().decode(SignalError.self, from: saved))
    }
    #expect(merged == whole, "seed \(seed)")
    #expect(merged.sqnrDecibels == whole.sqnrDecibels && merged.cosine == whole.cosine)
  }
}
