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

/// `sum · real multiplier`, rounded once, halves up: of sums of int16 activations. What does not fit
/// in 32 bits wraps around, as the reference's does.
///
/// - Parameters:
///   - sum: less than 2⁴⁷ above and below zero.
///   - by: a shift of −31…14.
@inline(__always)
package func requantizeWide(_ sum: Int64, _ by: FixedPointMultiplier) -> Int32 {
  let high = Int32(truncatingIfNeeded: sum &>> 16)
  let low = Int32(truncatingIfNeeded: sum & 0xFFFF)
  let exponent = 15 &- by.shift
  #if _pointerBitWidth(_32)
    return octet_requantize_wide(high, low, by.multiplier, exponent)
  #else
    // The product over 2¹⁶, rounded down: less than 2⁶² + 2³¹.
    let multiplier = Int64(by.multiplier)
    let product = Int64(high) &* multiplier &+ (Int64(low) &* multiplier) &>> 16
    return Int32(
      truncatingIfNeeded: (product &+ 1 &<< Int64(exponent &- 1)) &>> Int64(exponent))
  #endif
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
