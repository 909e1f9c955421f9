import OctetRuntime

// TensorFlow Lite's hard swish, x · clamp(x + 3, 0…6) / 6, in 16-bit fixed point.
//
// x is shifted left by 7 to fill int16. One product brings it to the output's scale, another to the
// scale on which 3.0 is 2¹⁵, saturating; half of that plus 2¹⁴ is the factor in 0…1.

extension LookupTable {
  func hardSwish() -> [Int8] {
    let highScale = Double(input.scale) / 128
    let outputBy = FixedPointMultiplier(highScale / Double(output.scale))
    let factorBy = FixedPointMultiplier(highScale / (3 / 32768))
    guard outputBy.shift <= 0 else {
      // TensorFlow Lite refuses these scales.
      return values { $0 * max(0, min(6, $0 + 3)) / 6 }
    }
    return (-128...127).map { x in
      let high = Int32(x - input.zeroPoint) << 7
      let scaled = highMultiply16(high, Self.high16(outputBy.multiplier))
      var factor = high
      if factorBy.shift > 0 { factor = saturate16(Int64(factor) << Int64(factorBy.shift - 1)) }
      factor = highMultiply16(factor, Self.high16(factorBy.multiplier))
      if factorBy.shift > 0 { factor = saturate16(Int64(factor) * 2) }
      if factorBy.shift < 0 { factor = roundingShiftRight(factor, -factorBy.shift) }
      factor = (factor + (1 << 15)) >> 1
      // This product is truncated towards zero.
      let product = saturate16(Int64(factor * scaled / (1 << 15)))
      let value = roundingShiftRight(product, -outputBy.shift) + Int32(output.zeroPoint)
      return Int8(min(max(value, -128), 127))
    }
  }

  /// A Q31 multiplier rounded to Q15.
  private static func high16(_ multiplier: Int32) -> Int32 {
    multiplier >= Int32.max - (1 << 15) ? Int32(Int16.max) : (multiplier + (1 << 15)) >> 16
  }
}

/// The high half of 2 · a · b for int16 values, rounded to nearest, ties up.
private func highMultiply16(_ a: Int32, _ b: Int32) -> Int32 {
  saturate16((Int64(a) * Int64(b) + (1 << 14)) >> 15)
}

private func saturate16(_ value: Int64) -> Int32 {
  Int32(min(max(value, Int64(Int16.min)), Int64(Int16.max)))
}
