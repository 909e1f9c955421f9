import OctetRuntime
import Testing

struct FixedPointTests {
  /// The truth table of FixedPoint.swift.
  @Test func ties() {
    #expect(highMultiply(1, 1 << 30) == 1)  // 0.5 → 1
    #expect(highMultiply(-1, 1 << 30) == 0)  // −0.5 → 0
    #expect(highMultiply(3, 1 << 30) == 2)  // 1.5 → 2
    #expect(highMultiply(-3, 1 << 30) == -1)  // −1.5 → −1
    #expect(roundingShiftRight(1, 1) == 1)
    #expect(roundingShiftRight(-1, 1) == -1)
    #expect(roundingShiftRight(3, 1) == 2)
    #expect(roundingShiftRight(-3, 1) == -2)
  }

  @Test(arguments: 0...31)
  func roundingShiftRightMatchesDefinition(exponent: Int) {
    let unit = Int64(1) << exponent
    var random = RandomSource(seed: exponent)
    var values: [Int32] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
    for multiple in [-3, -1, 0, 1, 3] as [Int64] {
      for nudge in -1...1 as ClosedRange<Int64> {
        values.append(Int32(truncatingIfNeeded: multiple * unit / 2 + nudge))
      }
    }
    values += random.words(200, .min ... .max) + random.words(200, -300...300)
    for value in values {
      let expected = Oracle.divideTiesAway(Int64(value), powerOfTwo: exponent)
      #expect(Int64(roundingShiftRight(value, Int32(exponent))) == expected, "\(value)")
    }
  }

  @Test(arguments: 0..<8)
  func highMultiplyMatchesDefinition(seed: Int) {
    var random = RandomSource(seed: seed)
    var pairs = zip(random.words(300, .min ... .max), random.words(300, 0 ... .max)).map { $0 }
    let edges: [Int32] = [.min, .min + 1, -1, 0, 1, 1 << 30, .max]
    for a in edges { for b in edges where (a, b) != (.min, .min) { pairs.append((a, b)) } }
    for (a, b) in pairs {
      let expected = Oracle.highMultiply(Int64(a), Int64(b))
      #expect(Int64(highMultiply(a, b)) == expected, "\(a) · \(b)")
      if b >= 0 { #expect(Int64(highMultiplyByHalves(a, b)) == expected, "\(a) · \(b)") }
    }
  }

  /// Sums at and beside ties, where results are clamped and beyond; every shift that it takes.
  @Test(arguments: -31 ... -5)
  func wordMultiplierMatchesSteps(shift: Int) throws {
    var random = RandomSource(seed: shift)
    for multiplier in [0, 1, 1 << 30, (1 << 30) + 1, .max] + random.words(40, 0 ... .max) {
      let by = FixedPointMultiplier(multiplier: multiplier, shift: Int32(shift))
      let scale = try #require(WordMultiplier(by))
      let unit = Double(Int64(1) << Int64(31 - shift)) / Double(max(multiplier, 1))
      var values: [Int32] = [.min, -1, 0, 1, .max] + random.words(40, .min ... .max)
      for half in -520...520 {
        let tie = (Double(half) / 2 * unit).rounded()
        guard abs(tie) < 0x1p31 - 4 else { continue }
        values += (-2...2).map { Int32(tie) + $0 }
      }
      values += random.words(100, -(1 << 18)...(1 << 18))
      for value in values {
        #expect(scale(value) == requantize(value, by), "\(value) · \(multiplier)")
      }
    }
    #expect(WordMultiplier(FixedPointMultiplier(multiplier: 1 << 30, shift: -4)) == nil)
  }

  /// All differences of two codes.
  @Test(arguments: 15...22)
  func differenceMultiplierMatchesSteps(leftShift: Int) throws {
    var random = RandomSource(seed: leftShift)
    for shift in -20...0 {
      for multiplier in [0, 1, 1 << 30, (1 << 30) + 1, .max] + random.words(10, 0 ... .max) {
        let by = FixedPointMultiplier(multiplier: multiplier, shift: Int32(shift))
        let scale = try #require(DifferenceMultiplier(by, leftShift: Int32(leftShift)))
        let isExact = (-255...255).allSatisfy {
          scale($0) == requantize($0 << Int32(leftShift), by)
        }
        #expect(isExact, "\(multiplier), \(shift)")
      }
    }
  }

  /// Every shift, with accumulators that fit after the left shift.
  @Test(arguments: -31...30)
  func requantizeMatchesDefinition(shift: Int) {
    var random = RandomSource(seed: shift)
    let limit = Int32.max >> Int32(max(0, shift))
    for multiplier in [1 << 30, (1 << 30) + 1, .max] + random.words(20, 1 << 30 ... .max) {
      let by = FixedPointMultiplier(multiplier: multiplier, shift: Int32(shift))
      for value in [-limit, -1, 0, 1, limit] + random.words(20, -limit...limit) {
        #expect(Int64(requantize(value, by)) == Oracle.requantize(Int64(value), by), "\(value)")
      }
    }
    #expect(requantize(12345, FixedPointMultiplier(multiplier: 0, shift: Int32(shift))) == 0)
  }

  @Test func clampsAllPairs() {
    for lower in stride(from: -128, through: 127, by: 51) {
      for upper in stride(from: lower, through: 127, by: 51) {
        for value in -300...300 {
          let expected = min(max(value, lower), upper)
          #expect(Int(clamp(Int32(value), Int32(lower), Int32(upper))) == expected)
        }
      }
    }
  }

  /// Sums of 47 bits, every shift: as the definition in 128 bits has it.
  @Test(arguments: -31...14) func wideRequantization(shift: Int) {
    var random = RandomSource(seed: shift)
    for _ in 0..<2000 {
      let sum = Int64.random(in: -(1 << 47)..<(1 << 47), using: &random) >> random.int(0...46)
      let all = Int32.random(in: 0 ... .max, using: &random)
      let multiplier = random.int(0...1) == 0 ? all : all & ~0xFFFF
      let by = FixedPointMultiplier(multiplier: multiplier, shift: Int32(shift))
      let bits = Int128(31 - shift)
      let exact = (Int128(sum) * Int128(multiplier) + (1 << (bits - 1))) >> bits
      #expect(requantizeWide(sum, by) == Int32(truncatingIfNeeded: exact), "\(sum), \(by)")
      #expect(requantizeWideByHalves(sum, by) == requantizeWide(sum, by), "\(sum), \(by)")
    }
  }
}
