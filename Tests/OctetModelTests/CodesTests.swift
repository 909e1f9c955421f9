import OctetModel
import Testing

/// Real numbers become codes in one place.
@Suite struct CodesTests {
  /// Ties, ends and what is no number, with a zero point of 3.
  @Test(
    arguments: [
      (0.5, 4, 3), (1.5, 5, 5), (2.5, 6, 5), (-0.5, 2, 3), (-1.5, 1, 1), (-2.5, 0, 1),
      (0.49999997, 3, 3), (0.50000006, 4, 4), (-0.0, 3, 3), (123.5, 127, 127), (124, 127, 127),
      (125, 127, 127), (-130.5, -128, -127), (-131, -128, -128), (-132, -128, -128),
      (1e30, 127, 127), (-1e30, -128, -128), (.infinity, 127, 127), (-.infinity, -128, -128),
      (.nan, 3, 3), (.leastNonzeroMagnitude, 3, 3), (.greatestFiniteMagnitude, 127, 127),
    ] as [(Float, Int8, Int8)])
  func codes(steps: Float, away: Int8, even: Int8) {
    for scale in [Float(1), 0.25, 4] {
      // A power of two, so that the quotient is exact.
      let grid = Quantization(scale: scale, zeroPoint: 3)
      if (steps * scale / scale) != steps, !steps.isNaN { continue }
      #expect(grid.code(steps * scale, ties: .awayFromZero) == away, "\(steps) · \(scale)")
      #expect(grid.code(steps * scale, ties: .toEven) == even, "\(steps) · \(scale)")
    }
    let grid = Quantization(scale: 1, zeroPoint: 3)
    #expect(grid.codes([steps, 0], ties: .toEven) == [even, 3])
  }

  /// Every half step of the int8 codes, against integers.
  @Test func everyHalf() {
    for half in -300...300 {
      let steps = Double(half) / 2
      let away = half >= 0 ? (half + 1) / 2 : (half - 1) / 2
      let down = (half - (half & 1)) / 2
      let even = half & 1 == 0 ? half / 2 : down & 1 == 0 ? down : down + 1
      for (ties, wanted) in [(TieRule.awayFromZero, away), (.toEven, even)] {
        #expect(ties.rounded(steps) == Double(wanted))
        #expect(Int(ties.code(steps: steps)) == max(-128, min(127, wanted)))
        #expect(Int(ties.code(steps: steps, in: -127...127)) == max(-127, min(127, wanted)))
        #expect(ties.exactCode(steps: steps).map { Int($0) } == wanted)
        let fits = (-128...127).contains(wanted)
        #expect((ties.exactCode(steps: steps, in: -128...127) != nil) == fits)
      }
    }
  }

  /// 32 bits: ends that a Float cannot hold, and zero points that would overflow.
  @Test func wideCodes() {
    let all = Int32.min...Int32.max
    for ties in [TieRule.awayFromZero, .toEven] {
      #expect(ties.code(steps: 0x1p31, in: all) == .max)
      #expect(ties.code(steps: -0x1p31, in: all) == .min)
      #expect(ties.code(steps: 0x1p31 - 1, in: all) == .max)
      #expect(ties.code(steps: 2_147_483_646, zeroPoint: .max, in: all) == .max)
      #expect(ties.code(steps: -10, zeroPoint: .min, in: all) == .min)
      #expect(ties.code(steps: .nan, zeroPoint: -7, in: all) == -7)
      #expect(ties.code(steps: .nan, zeroPoint: 200) == 127)
      #expect(ties.exactCode(steps: 0x1p31) == nil)
      #expect(ties.exactCode(steps: -0x1p31) == .min)
      for none in [Double.nan, .infinity, -.infinity] {
        #expect(ties.exactCode(steps: none) == nil)
      }
    }
    #expect(TieRule.toEven.exactCode(steps: 536_870_911.5, in: -(1 << 29)...(1 << 29) - 1) == nil)
  }

  /// Codes of a constant stand for the reals that they were made of.
  @Test func reals() {
    let grid = Quantization(scales: [0.5, 0.25], zeroPoints: [0, 10], axis: 1)
    var tensor = Tensor(
      name: "t", shape: [2, 2, 1], elementType: .int8, constant: .int8([2, 12, -4, 8]),
      quantization: grid)
    #expect(tensor.reals == [1, 0.5, -2, -0.5])
    tensor.constant = .int32([2, 12, -4, 8])
    #expect(tensor.reals == [1, 0.5, -2, -0.5])
    tensor.quantization = nil
    #expect(tensor.reals == nil && tensor.floats == nil)
    tensor.constant = .float([1, 2, 3, 4])
    #expect(tensor.reals == [1, 2, 3, 4] && tensor.floats == [1, 2, 3, 4])
    tensor.constant = .int64([1, 2, 3, 4])
    #expect(tensor.reals == nil)
  }
}
