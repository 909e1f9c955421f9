/// Softmax over the last axis, in fixed point: input `[…, C]`, output the same shape, (1/256,
/// −128) or, for models that round once, any scale of 2⁻²⁰ and more.
///
/// As TensorFlow Lite for Microcontrollers: the reciprocal of the exponentials' sum is found by
/// Newton's method.
package struct Softmax: Operator {
  package static let parameterCount = 5
  static let previousParameterCount = 3
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  package typealias Word = SoftmaxRows.Word

  let rows: SoftmaxRows
  var view: OperatorRecord { rows.view }

  init(_ view: OperatorRecord) {
    rows = SoftmaxRows(view, parameterCount: Self.parameterCount)
  }

  func validate() throws(ModelError) { try rows.validate() }

  var demand: Demand { rows.demand }

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
        let exponential = unsafe rows.exponential(index, source, row)
        var value: Int32 = 0
        if exponential != 0 {
          let product = highMultiply(reciprocal, exponential)
          if let by = rows.outputBy {
            // In 2⁻²⁰ first; the exponent is 23 or more.
            value = requantize(roundingShiftRight(product, exponent &- 12), by)
          } else if exponent <= 31 {
            // Beyond 2³¹ everything rounds to zero.
            value = roundingShiftRight(product, exponent)
          }
        }
        unsafe target[index] = clamp(value &+ rows.outputZeroPoint, -128, 127)
      }
    }
  }
}
