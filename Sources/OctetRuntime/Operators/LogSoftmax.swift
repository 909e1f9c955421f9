/// The logarithm of softmax over the last axis, in fixed point: input `[…, C]`, output the same
/// shape, (1/16, 127) or, for models that round once, any scale.
///
/// As TensorFlow Lite for Microcontrollers: the logarithm of the exponentials' sum is taken from
/// each difference.
package struct LogSoftmax: Operator {
  package static let parameterCount = 7
  static let previousParameterCount = 5
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  package typealias Word = SoftmaxRows.Word

  let rows: SoftmaxRows
  var view: OperatorRecord { rows.view }

  init(_ view: OperatorRecord) {
    rows = SoftmaxRows(view, parameterCount: Self.parameterCount)
  }

  func validate() throws(ModelError) {
    try rows.validate()
    try rows.view.require(parameter: rows.inverse.multiplier, in: 0...Int32.max)
    try rows.view.require(parameter: rows.inverse.shift, in: -31...0)
  }

  var demand: Demand { rows.demand }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    let inverse = rows.view.multiplier(rows.inverse.multiplier, shift: rows.inverse.shift)
    unsafe rows.forEach(context) { row, source, target in
      let logarithm = GemmlowpFixedPoint.logarithm(row.sum)
      // Below it the result would leave Q5.26.
      let least = max(rows.differenceMinimum &- 1, requantize(logarithm &+ .min, inverse))
      for index in 0..<rows.input.channels {
        let difference = unsafe Int32(source[index]) &- row.maximum
        var value: Int32 = -255
        if difference > least {
          let result = rows.scaled(difference) &- logarithm
          // From Q5.26 to the output's scale, or to sixteenths.
          value = rows.outputBy.map { requantize(result, $0) } ?? roundingShiftRight(result, 22)
        }
        unsafe target[index] = clamp(value &+ rows.outputZeroPoint, -128, 127)
      }
    }
  }
}
