/// Rows over their Euclidean norm: input `[…, C]`, output the same shape, (1/128, 0).
///
/// As TensorFlow Lite: the inverse of the root of a row's sum of squares is found by Newton's
/// method in fixed point. A row of zeros stays so.
package struct L2Normalization: Operator {
  package static let parameterCount = 0
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  func validate() throws(ModelError) {
    try view.require(input.hasSameShape(as: output))
    // A sum of squares, each at most 255², fits int32.
    try view.require(input.channels <= 1 << 15, .tooLarge)
  }

  /// A row of one element takes a root for it.
  var demand: Demand { Demand(partCount: input.elementCount, stepCount: 128) }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    let zero = input.zeroPoint
    for row in 0..<input.elementCount / input.channels {
      let source = unsafe context.input(0) + row &* input.channels
      let target = unsafe context.output(0) + row &* input.channels
      var sum: Int32 = 0
      for index in 0..<input.channels {
        let value = unsafe Int32(source[index]) &- zero
        sum &+= value &* value
      }
      var by = GemmlowpFixedPoint.inverseSquareRoot(sum)
      // 1/128 is a step.
      by.shift &+= 7
      for index in 0..<input.channels {
        let value = unsafe Int32(source[index]) &- zero
        unsafe target[index] = clamp(requantize(value, by) &+ output.zeroPoint, -128, 127)
      }
    }
  }
}
