import OctetRuntime

/// The arithmetic of the law, from its definition, in wide integers.
enum Oracle {
  /// a / 2ⁿ to nearest, ties towards +∞.
  static func divideTiesUp(_ a: Int64, powerOfTwo n: Int) -> Int64 {
    let divisor = Int64(1) << n
    let floor = a >= 0 ? a / divisor : -((-a + divisor - 1) / divisor)
    return 2 * (a - floor * divisor) >= divisor ? floor + 1 : floor
  }

  /// a / 2ⁿ to nearest, ties away from zero.
  static func divideTiesAway(_ a: Int64, powerOfTwo n: Int) -> Int64 {
    let divisor = Int64(1) << n
    let magnitude = (2 * a.magnitude + UInt64(divisor)) / UInt64(2 * divisor)
    return a < 0 ? -Int64(magnitude) : Int64(magnitude)
  }

  static func highMultiply(_ a: Int64, _ b: Int64) -> Int64 { divideTiesUp(a * b, powerOfTwo: 31) }

  static func requantize(_ value: Int64, _ by: FixedPointMultiplier) -> Int64 {
    let left = max(0, Int(by.shift))
    let right = max(0, -Int(by.shift))
    // The sum is one of 32 bits, and shifted as such: what leaves them at the top is lost.
    let shifted = Int64(Int32(truncatingIfNeeded: value << left))
    return divideTiesAway(
      highMultiply(shifted, Int64(by.multiplier)), powerOfTwo: right)
  }

  static func clamp(_ value: Int64, _ lower: Int, _ upper: Int) -> Int8 {
    Int8(min(max(value, Int64(lower)), Int64(upper)))
  }
}
