/// The input with a constant around it; negative amounts crop. What stands after it along each axis
/// follows from the output's shape. Scale and zero point stay.
package struct Pad: Operator {
  package static let parameterCount = 5
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// Elements before the input.
    case beforeBatch
    case beforeRow
    case beforeColumn
    case beforeChannel
    /// The constant, int8.
    case value
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  func validate() throws(ModelError) {
    let limit = Int32(BlobLimits.elementCount)
    for axis in 0..<4 {
      try view.require(parameter: Word.beforeBatch, axis: axis, in: -limit...limit)
    }
    try view.require(parameter: Word.value, in: -128...127)
  }

  func run(_ context: OperatorContext) {
    let target = unsafe context.output(0)
    let value = Int8(truncatingIfNeeded: view.parameter(Word.value))
    for index in 0..<output.elementCount { unsafe target[index] = value }
    var copy = StridedCopy()
    copy.sourceStrides = input.strides
    copy.targetStrides = output.strides
    var from = 0
    var to = 0
    for axis in 0..<4 {
      let before = Int(view.parameter(Word.beforeBatch, axis: axis))
      let first = max(0, before)
      let end = min(output.dimension(axis), before &+ input.dimension(axis))
      if end <= first { return }
      copy.extents[axis] = end &- first
      from &+= (first &- before) &* copy.sourceStrides[axis]
      to &+= first &* copy.targetStrides[axis]
    }
    unsafe copy.run(context.input(0) + from, target + to)
  }
}
