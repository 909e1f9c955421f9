/// Softmax over the last axis, in fixed point: input `[…, C]`, output the same shape, (1/256,
/// −128).
///
/// As TensorFlow Lite for Microcontrollers: the reciprocal of the exponentials' sum is found by
/// Newton's method.
package struct Softmax: Operator {
  package static let parameterCount = 3
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  package typealias Word = SoftmaxRows.Word

  let rows: SoftmaxRows

  init(_ view: OperatorView) { rows = SoftmaxRows(view) }

  func validate() throws(ModelError) { try rows.validate() }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    unsafe rows.forEach(context) { row, source, target in
      // sum = m · 2^(12 − headroom) with m in 1…2; it is at least 2¹⁹, so headroom ≤ 12.
      var mantissa = row.sum
      var headroom: Int32 = 0
      while mantissa > 0, headroom < 12 {
        mantissa = mantissa &<< 1
        headroom &+= 1
      }
      let reciprocal = GemmlowpFixedPoint.reciprocalOfOnePlus(mantissa & .max)
      let exponent = 35 &- headroom
      for index in 0..<rows.input.channels {
        let difference = unsafe Int32(source[index]) &- row.maximum
        var value: Int32 = 0
        // Beyond 2³¹ everything rounds to zero.
        if difference >= rows.differenceMinimum, exponent <= 31 {
          value = roundingShiftRight(
            highMultiply(reciprocal, rows.exponential(difference)), exponent)
        }
        unsafe target[index] = clamp(value &- 128, -128, 127)
      }
    }
  }
}
