import OctetCompiler
import OctetRuntime
import TestNetworks
import Testing

/// `FixedPointMultiplier(real)` against its definition in Double.
@Suite struct FixedPointMultiplierTests {
  private func value(_ by: FixedPointMultiplier) -> Double {
    // multiplier · 2^(shift − 31), exact in Double.
    Double(sign: .plus, exponent: Int(by.shift) - 31, significand: 1) * Double(by.multiplier)
  }

  /// Every exponent that a shift can hold, with fractions at the ends, in the middle and at random.
  @Test func nearestForEveryExponent() {
    var random = TestRandom(seed: 1)
    let corners: [Double] = [1, 1.5, 1 + 0x1p-30, 1 + 0x1p-31, 1 + 3 * 0x1p-31, 2 - 0x1p-30]
    for exponent in -32...29 {
      for significand in corners + (0..<50).map({ _ in Double.random(in: 1..<2, using: &random) }) {
        let real = Double(sign: .plus, exponent: exponent, significand: significand)
        let by = FixedPointMultiplier(real)
        #expect(by.multiplier >= 1 << 30 && (-31...30).contains(by.shift), "\(real)")
        // Half a unit in the last of 31 bits.
        let bound = Double(sign: .plus, exponent: exponent - 31, significand: 1)
        #expect(abs(value(by) - real) <= bound, "\(real)")
      }
    }
  }

  @Test func exactWhereThirtyOneBitsSuffice() {
    for exponent in -32...29 {
      for numerator in [1, 3, 5, 127, 1_000_003, (1 << 30) - 1] {
        let real = Double(
          sign: .plus, exponent: exponent, significand: Double(numerator).significand)
        #expect(value(FixedPointMultiplier(real)) == real)
      }
    }
  }

  /// The fraction rounds half away from zero: 1 + 2⁻³¹ lies between two multipliers.
  @Test func tiesRoundUp() {
    #expect(
      FixedPointMultiplier(1 + 0x1p-31)
        == FixedPointMultiplier(multiplier: (1 << 30) + 1, shift: 1))
    // Up to the next power of two.
    #expect(
      FixedPointMultiplier(2 - 0x1p-32) == FixedPointMultiplier(multiplier: 1 << 30, shift: 2))
  }

  @Test func outsideTheRange() {
    let zero = FixedPointMultiplier(multiplier: 0, shift: 0)
    let most = FixedPointMultiplier(multiplier: .max, shift: 30)
    for real in [0, -1, 0x1p-33, 0x1p-1000, .leastNonzeroMagnitude, .nan, -.infinity] {
      #expect(FixedPointMultiplier(real) == zero, "\(real)")
    }
    for real in [0x1p30, 0x1p31, 0x1p1000, .greatestFiniteMagnitude, .infinity] {
      #expect(FixedPointMultiplier(real) == most, "\(real)")
    }
    #expect(FixedPointMultiplier(0x1p-32) == .init(multiplier: 1 << 30, shift: -31))
    #expect(FixedPointMultiplier(0.5) == .init(multiplier: 1 << 30, shift: 0))
    #expect(FixedPointMultiplier(1) == .init(multiplier: 1 << 30, shift: 1))
  }

  /// Requantizing is the product with the real factor, to within a step of either rounding.
  @Test func requantizationIsTheRealProduct() {
    var random = TestRandom(seed: 2)
    for _ in 0..<5000 {
      let real = Double.random(in: 0x1p-14...0.99, using: &random)
      let accumulator = Int32.random(in: -1 << 24...1 << 24, using: &random)
      let result = requantize(accumulator, FixedPointMultiplier(real))
      #expect(abs(Double(result) - Double(accumulator) * real) <= 1, "\(accumulator) · \(real)")
    }
  }
}
