// Functions of fixed-point numbers with the exact steps, hence the exact bits, of gemmlowp's
// `fixedpoint.h`, on which TensorFlow Lite's integer softmax, logistic and tanh stand.
//
// Qm.n: m integer bits, n = 31 − m fractional bits. One in Q0.31 is 2³¹ − 1.

package enum GemmlowpFixedPoint {
  /// exp(x) in Q0.31 for x ≤ 0 with `integerBits` ≤ 5 integer bits.
  ///
  /// x = r − k/4 with r in −1/4 ..< 0: a polynomial gives exp(r), and each bit of k multiplies by
  /// exp(−2^j / 4).
  @inline(__always)
  package static func exponential(_ x: Int32, integerBits: Int32 = 5) -> Int32 {
    if x == 0 { return .max }
    let quarter: Int32 = 1 &<< (29 &- integerBits)
    let rest = (x & (quarter &- 1)) &- quarter
    var result = exponentialOfQuarter(rest &<< integerBits)
    var bits = (rest &- x) &>> (29 &- integerBits)
    // exp(−2^j / 4) in Q0.31, for j = 0 …
    let factors: [7 of Int32] = [
      1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242,
    ]
    var index = 0
    while bits != 0, index < 7 {
      if bits & 1 != 0 { result = highMultiply(result, factors[index]) }
      bits = bits &>> 1
      index &+= 1
    }
    return result
  }

  /// exp(x) for x in −1/4 ..< 0, both Q0.31: Taylor around −1/8.
  @inline(__always)
  private static func exponentialOfQuarter(_ x: Int32) -> Int32 {
    let exponentialOfEighth: Int32 = 1_895_147_668  // exp(−1/8)
    let third: Int32 = 715_827_883
    let x1 = x &+ (1 &<< 28)
    let x2 = highMultiply(x1, x1)
    let x3 = highMultiply(x2, x1)
    let x4 = highMultiply(x2, x2)
    let tail = roundingShiftRight(
      highMultiply(roundingShiftRight(x4, 2) &+ x3, third) &+ x2, 1)
    return exponentialOfEighth &+ highMultiply(exponentialOfEighth, x1 &+ tail)
  }

  /// 1 / (1 + x) in Q0.31 for x in 0…1, Q0.31.
  @inline(__always)
  package static func reciprocalOfOnePlus(_ x: Int32) -> Int32 {
    // 2 / (1 + x) in Q2.29 is 1 / (1 + x) in Q1.30.
    saturatingShiftLeft(twiceReciprocalOfOnePlus(x), 1)
  }

  /// 2 / (1 + x) in Q2.29 for x in 0…1, Q0.31: Newton–Raphson division, three steps.
  @inline(__always)
  package static func twiceReciprocalOfOnePlus(_ x: Int32) -> Int32 {
    let half = halfOfOnePlus(x)  // Q0.31
    // 48/17 − 32/17 · d, in Q2.29
    var estimate = 1_515_870_810 &+ highMultiply(half, -1_010_580_540)
    for _ in 0..<3 {
      let error = (1 &<< 29) &- highMultiply(half, estimate)
      estimate &+= saturatingShiftLeft(highMultiply(estimate, error), 2)
    }
    return estimate
  }

  /// ln(x) in Q5.26 for x ≥ 1 in Q12.19.
  ///
  /// x = 2ᵏ · r twice: once with k − 3/4, once with k − 1/4 as the power, of which the larger
  /// leaves r near 2^(−1/4); there a quotient of polynomials in r gives ln(r).
  @inline(__always)
  package static func logarithm(_ x: Int32) -> Int32 {
    let sqrtOfHalf: Int32 = 1_518_500_250
    let fourthRootOfHalf: Int32 = 1_805_811_301
    let quarter: Int32 = 1 &<< 23  // Q6.25
    let headroomA = leadingZeroCount(x)
    let tightA = saturatingShiftLeft(x, headroomA &- 1)
    let restA = saturatingShiftLeft(highMultiply(tightA, sqrtOfHalf), 1)
    let powerA = ((12 &- headroomA) &<< 25) &+ quarter
    let headroomB = leadingZeroCount(highMultiply(x, sqrtOfHalf)) &- 1
    let restB = saturatingShiftLeft(x, headroomB)
    let powerB = ((12 &- headroomB) &<< 25) &- quarter
    let logarithmOfRest = logarithmNearFourthRootOfHalf(
      min(restA, restB), fourthRootOfHalf: fourthRootOfHalf)
    let logarithmOfTwo: Int32 = 1_488_522_236
    return saturatingShiftLeft(
      highMultiply(max(powerA, powerB), logarithmOfTwo) &+ logarithmOfRest, 1)
  }

  /// Leading zero bits of x ≥ 2¹⁸, at most 13. Cortex-M0 has no instruction for it, and without
  /// libgcc no function.
  @inline(__always)
  private static func leadingZeroCount(_ x: Int32) -> Int32 {
    var x = x
    var count: Int32 = 0
    while x > 0, count < 13 {
      x = x &<< 1
      count &+= 1
    }
    return count
  }

  /// ln(r) + ln(2) / 4 in Q6.25 for r from 1/2 to 1 in Q0.31.
  @inline(__always)
  private static func logarithmNearFourthRootOfHalf(
    _ r: Int32, fourthRootOfHalf: Int32
  ) -> Int32 {
    let alphaN: Int32 = 117_049_297  // 11/240 · 2^(1/4)
    let alphaD: Int32 = 127_690_142  // 1/20 · 2^(1/4)
    let alphaI: Int32 = 1_057_819_769  // 2 / 2^(1/4) − 2^(1/4)
    let alphaF: Int32 = 638_450_708  // 1/4 · 2^(1/4)
    // Half of their sum, rounded up.
    let p = (r &>> 1) &+ (fourthRootOfHalf &>> 1) &+ ((r | fourthRootOfHalf) & 1)
    let q = (r &- fourthRootOfHalf) &<< 1
    let square = highMultiply(q, q)
    let numerator =
      highMultiply(q, r) &+ highMultiply(highMultiply(q, square), alphaN)
    let denominatorMinusOne =
      highMultiply(p, alphaI &+ q &+ highMultiply(alphaD, square)) &+ highMultiply(alphaF, q)
    return highMultiply(
      roundingShiftRight(numerator, 6), reciprocalOfOnePlus(denominatorMinusOne))
  }

  /// (1 + x) / 2 for x ≥ 0, both Q0.31. The reference rounds half of x + 2³¹ − 1 up, which is this.
  @inline(__always)
  private static func halfOfOnePlus(_ x: Int32) -> Int32 { (x &>> 1) &+ (1 &<< 30) }

  /// 1 / √x for x ≥ 0, that of 0 being 1: Newton–Raphson, five steps in Q3.28.
  @inline(__always)
  package static func inverseSquareRoot(_ x: Int32) -> FixedPointMultiplier {
    if x <= 1 { return FixedPointMultiplier(multiplier: .max, shift: 0) }
    // x = m · 4^(exponent − 11) with m in 2²⁷ ..< 2²⁹.
    var mantissa = x
    var exponent: Int32 = 11
    while mantissa >= 1 << 29 {
      mantissa = mantissa &>> 2
      exponent &+= 1
    }
    while mantissa < 1 << 27 {
      mantissa = mantissa &<< 2
      exponent &-= 1
    }
    let half = roundingShiftRight(mantissa &>> 1, 1)
    let threeHalves: Int32 = 3 &<< 27
    var root: Int32 = 1 &<< 28
    for _ in 0..<5 {
      let cube = saturatingShiftLeft(highMultiply(highMultiply(root, root), root), 6)
      root = saturatingShiftLeft(
        highMultiply(threeHalves, root) &- highMultiply(half, cube), 3)
    }
    let sqrtOfHalf: Int32 = 1_518_500_250
    root = highMultiply(root, sqrtOfHalf)
    if exponent < 0 { return FixedPointMultiplier(multiplier: root &<< (0 &- exponent), shift: 0) }
    return FixedPointMultiplier(multiplier: root, shift: 0 &- exponent)
  }

  /// a · 2^exponent, saturated.
  @inline(__always)
  package static func saturatingShiftLeft(_ a: Int32, _ exponent: Int32) -> Int32 {
    let limit = Int32.max &>> exponent
    if a > limit { return .max }
    if a < -limit &- 1 { return .min }
    return a &<< exponent
  }
}

#if !hasFeature(Embedded)
  // What exporters need for their tables.
  extension GemmlowpFixedPoint {
    /// 1 / (1 + exp(−x)) in Q0.31, for x in Q4.27.
    package static func logistic(_ x: Int32) -> Int32 {
      if x == 0 { return 1 << 30 }
      let positive = reciprocalOfOnePlus(exponential(x > 0 ? -x : x, integerBits: 4))
      return x > 0 ? positive : .max - positive
    }

    /// tanh(x) = (1 − exp(−2x)) / (1 + exp(−2x)) in Q0.31, for x in Q4.27.
    package static func tanh(_ x: Int32) -> Int32 {
      if x == 0 { return 0 }
      // −2|x| in Q5.26 has the bits of −|x| in Q4.27.
      let twice = twiceReciprocalOfOnePlus(exponential(x > 0 ? -x : x, integerBits: 5))
      let positive = saturatingShiftLeft(twice - (1 << 29), 2)
      return x > 0 ? positive : -positive
    }
  }
#endif
