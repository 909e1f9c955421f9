// The integer arithmetic of every operator: fixed-point requantization by double rounding, as in
// TensorFlow Lite for Microcontrollers and gemmlowp.
//
//     requantize(x) = roundingShiftRight(highMultiply(x · 2^left, multiplier), right)
//
// | step                | rounds                                | at a tie                        |
// |---------------------|---------------------------------------|---------------------------------|
// | highMultiply        | (a · b) / 2³¹ to nearest              | up: 0.5 → 1, −0.5 → 0           |
// | roundingShiftRight  | a / 2ⁿ to nearest                     | away from 0: 0.5 → 1, −0.5 → −1 |

#if _pointerBitWidth(_32)
  private import COctetKernels
#endif

/// A positive real number as `multiplier · 2^(shift − 31)`; `multiplier` is never negative.
/// TensorFlow Lite's are in 2³⁰…2³¹ − 1; a smaller one with no shift rounds once instead of twice.
package struct FixedPointMultiplier: Sendable, Equatable {
  package var multiplier: Int32
  /// −31…30: above zero a left shift before the multiplication, below zero a right shift after it.
  package var shift: Int32

  package init(multiplier: Int32, shift: Int32) {
    self.multiplier = multiplier
    self.shift = shift
  }
}

/// The high half of `2 · a · b`, rounded to nearest, saturated.
///
/// The published definition truncates `(a·b + nudge) / 2³¹` with a nudge of 2³⁰ for products ≥ 0
/// and 1 − 2³⁰ below; that is the arithmetic shift here for every pair: truncating a negative
/// quotient rounds up, which the other nudge makes good. The only pair whose result does not fit
/// is (−2³¹, −2³¹); multipliers are never negative, so the caller excludes it.
@inline(__always)
package func highMultiply(_ a: Int32, _ b: Int32) -> Int32 {
  #if _pointerBitWidth(_32)
    #if arch(arm)
      // Where only words are multiplied, a long product is a slow call.
      if OCTET_MULTIPLIES_LONG == 0 { return highMultiplyByHalves(a, b) }
    #endif
    // Int64's multiplication brings in an array in 32-bit Embedded Swift, which -no-allocations
    // refuses; C says the same.
    return octet_high_multiply(a, b)
  #else
    // |a·b| ≤ 2⁶² and 2³⁰ more cannot overflow.
    Int32(truncatingIfNeeded: (Int64(a) &* Int64(b) &+ (1 << 30)) &>> 31)
  #endif
}

/// The same from four products of halves, for processors that multiply words to words; `b` ≥ 0.
@inline(__always)
package func highMultiplyByHalves(_ a: Int32, _ b: Int32) -> Int32 {
  let (aLow, aHigh) = (a & 0xFFFF, a &>> 16)
  let (bLow, bHigh) = (b & 0xFFFF, b &>> 16)
  let low = UInt32(bitPattern: aLow &* bLow) &>> 16
  // Between −2¹⁵ · 2¹⁶ and 2¹⁵ · (2¹⁶ − 1); the other is less than 2¹⁶ · 2¹⁵ and not below zero.
  let inner = aHigh &* bLow &+ Int32(bitPattern: low)
  let outer = aLow &* bHigh
  let middle = (inner & 0xFFFF) &+ (outer & 0xFFFF)
  let high = aHigh &* bHigh &+ (inner &>> 16) &+ (outer &>> 16) &+ (middle &>> 16)
  // Of the lower word the two highest bits decide: at 2³⁰ it counts as half of 2³¹.
  return (high &<< 1) &+ ((((middle & 0xFFFF) &>> 14) &+ 1) &>> 1)
}

/// A multiplier with a shift to the right of 5 and more, for processors that multiply words to
/// words: one product of halves gives the result, and where its last bits might matter, the steps.
///
/// With the multiplier m and a shift to the right of n, both steps are (x · m + c) / 2³¹⁺ⁿ, rounded
/// down once, where c is 2³⁰⁺ⁿ + 2³⁰ or, of a product below zero, 2³⁰⁺ⁿ − 2³⁰. In units of 2⁻²¹ of
/// the result that is x · m / 2ⁿ⁺¹⁰ + 2²⁰ ± 2²⁰⁻ⁿ. What x / 2ⁿ⁻⁵ loses is less than 2¹⁶ of them,
/// and what m / 2¹⁵ loses at most 2¹³.
package struct WordMultiplier {
  private let by: FixedPointMultiplier
  private let factor: Int32
  private let shift: Int32
  /// 2²⁰⁻ⁿ, or more.
  private let half: Int32
  /// What is added to a product, and in the first 21 bits of a word what its last 21 may be at
  /// most, both without `half`.
  static let offset: Int32 = (1 << 20) - (1 << 13)
  static let limit: UInt32 = ((1 << 21) - (1 << 16) - (1 << 14)) << 11

  /// Nil for smaller shifts.
  @inline(__always)
  package init?(_ by: FixedPointMultiplier) {
    guard by.shift <= -5 else { return nil }
    self.by = by
    factor = Int32(bitPattern: (UInt32(bitPattern: by.multiplier) &+ (1 << 14)) &>> 15)
    shift = -5 &- by.shift
    half = (1 << 15) &>> shift &+ 1
  }

  /// `requantize(value, by)`.
  @inline(__always)
  package func callAsFunction(_ value: Int32) -> Int32 {
    let part = value &>> shift
    let low = part &* factor &+ Self.offset &- half
    if UInt32(bitPattern: part &+ (1 << 14)) < 1 << 15,
      UInt32(bitPattern: low) &<< 11 <= Self.limit &- UInt32(bitPattern: half) &<< 12
    {
      return low &>> 21
    }
    return bySteps(value)
  }

  @inline(never)
  private func bySteps(_ value: Int32) -> Int32 { requantize(value, by) }
}

/// A multiplier of differences d of two codes, |d| < 2⁸, that are shifted left before, for
/// processors that multiply words to words. Of d · m · 2ᴸ / 2³¹ with L of 15 and more the upper
/// half's part is whole.
package struct DifferenceMultiplier {
  private let high: Int32
  private let low: Int32
  private let leftShift: Int32
  private let tie: Int32
  private let half: Int32
  private let rightShift: Int32

  /// Nil for shifts that additions do not have.
  @inline(__always)
  package init?(_ by: FixedPointMultiplier, leftShift: Int32) {
    guard leftShift >= 15, leftShift <= 22, by.shift <= 0, by.shift >= -20 else { return nil }
    high = by.multiplier &>> 16
    low = by.multiplier & 0xFFFF
    self.leftShift = leftShift &- 15
    tie = by.shift &>> 31
    half = (1 &<< (0 &- by.shift)) &>> 1
    rightShift = 0 &- by.shift
  }

  /// `requantize(difference << leftShift, by)`.
  @inline(__always)
  package func callAsFunction(_ difference: Int32) -> Int32 {
    let rest = (difference &* low &+ (1 << 15) &>> leftShift) &>> (16 &- leftShift)
    let product = (difference &* high) &<< leftShift &+ rest
    return (product &+ (product &>> 31 & tie) &+ half) &>> rightShift
  }
}

/// `a / 2^exponent` to nearest, ties away from zero; `exponent` in 0…31.
@inline(__always)
package func roundingShiftRight(_ a: Int32, _ exponent: Int32) -> Int32 {
  // 2^exponent − 1 fits unsigned for an exponent of 31.
  let mask = Int32(truncatingIfNeeded: (UInt32(1) &<< UInt32(truncatingIfNeeded: exponent)) &- 1)
  let remainder = a & mask
  let threshold = (mask &>> 1) &+ (a < 0 ? 1 : 0)
  return (a &>> exponent) &+ (remainder > threshold ? 1 : 0)
}

/// `value · real multiplier`, by double rounding.
///
/// The left shift wraps as the reference's does, where a TFLite model lets it.
#if OCTET_SMALL
  @inline(never)
#else
  @inline(__always)
#endif
package func requantize(_ value: Int32, _ by: FixedPointMultiplier) -> Int32 {
  let left = by.shift > 0 ? by.shift : 0
  let right = by.shift > 0 ? 0 : 0 &- by.shift
  return roundingShiftRight(highMultiply(value &<< left, by.multiplier), right)
}

/// The number of two halves of 32 bits.
@inline(__always)
func joined(_ low: UInt32, _ high: Int32) -> Int64 {
  #if _pointerBitWidth(_32)
    // Conversions to Int64 bring in an array there, as its multiplication does. Safety: both are
    // 64 bits, and the machine is little-endian.
    return unsafe unsafeBitCast((low, high), to: Int64.self)
  #else
    return Int64(high) &<< 32 | Int64(low)
  #endif
}

/// The same number in 64 bits.
@inline(__always)
func widened(_ value: Int32) -> Int64 { joined(UInt32(bitPattern: value), value &>> 31) }

/// `sum · real multiplier`, rounded once, halves up: of sums of int16 activations. What does not
/// fit in 32 bits wraps around, as the reference's does.
///
/// - Parameters:
///   - sum: less than 2⁴⁷ above and below zero.
///   - by: a shift of −31…14.
@inline(__always)
package func requantizeWide(_ sum: Int64, _ by: FixedPointMultiplier) -> Int32 {
  // What TensorFlow Lite makes has 15 bits.
  let factor = by.multiplier &>> 16
  let exponent = 15 &- by.shift
  let isShort = by.multiplier & 0xFFFF == 0
  #if _pointerBitWidth(_32)
    #if arch(arm)
      if OCTET_MULTIPLIES_LONG != 0, isShort { return octet_scale_long(sum, factor, exponent) }
    #endif
    return requantizeWideByHalves(sum, by)
  #else
    guard isShort else { return requantizeWideByHalves(sum, by) }
    let product = sum &* Int64(factor) &+ 1 &<< Int64(exponent &- 1)
    return Int32(truncatingIfNeeded: product &>> Int64(exponent))
  #endif
}

/// The same from products of halves and without shifts of 64 bits by a variable, which processors
/// of 32 bits call functions for.
@inline(never)
package func requantizeWideByHalves(_ sum: Int64, _ by: FixedPointMultiplier) -> Int32 {
  let multiplier = UInt32(bitPattern: by.multiplier)
  let (high, low) = (multiplier &>> 16, multiplier & 0xFFFF)
  let top = Int32(truncatingIfNeeded: sum &>> 32)
  let middle = UInt32(truncatingIfNeeded: sum) &>> 16
  let bottom = UInt32(truncatingIfNeeded: sum) & 0xFFFF
  // The product over 2¹⁶, by the halves that each factor has: |top| ≤ 2¹⁵.
  let units = joined(middle &* low, 0) &+ joined(bottom &* high &+ (bottom &* low) &>> 16, 0)
  let halves = widened(top &* Int32(bitPattern: low)) &+ joined(middle &* high, 0)
  let words = joined(0, top &* Int32(bitPattern: high))
  let (halvesLow, halvesHigh) = (
    UInt32(truncatingIfNeeded: halves), Int32(truncatingIfNeeded: halves &>> 32)
  )
  let shifted = joined(
    halvesLow &<< 16, halvesHigh &<< 16 | Int32(bitPattern: halvesLow &>> 16))
  let product = units &+ shifted &+ words
  var upper = Int32(truncatingIfNeeded: product &>> 32)
  var lower = UInt32(truncatingIfNeeded: product)
  let exponent = 15 &- by.shift
  if exponent > 32 { return (upper &+ 1 &<< (exponent &- 33)) &>> (exponent &- 32) }
  let half: UInt32 = 1 &<< UInt32(bitPattern: exponent &- 1)
  lower &+= half
  if lower < half { upper &+= 1 }
  if exponent == 32 { return upper }
  let kept = lower &>> UInt32(bitPattern: exponent)
  return upper &<< (32 &- exponent) | Int32(bitPattern: kept)
}

/// Clamped to `lower…upper`, which int16 holds.
@inline(__always)
func clamp16(_ value: Int32, _ lower: Int32, _ upper: Int32) -> Int16 {
  Int16(truncatingIfNeeded: min(max(value, lower), upper))
}

/// Clamped to `lower…upper`.
@inline(__always)
package func clamp(_ value: Int32, _ lower: Int32, _ upper: Int32) -> Int8 {
  Int8(truncatingIfNeeded: min(max(value, lower), upper))
}
