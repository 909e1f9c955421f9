/// The axes in another order.
package struct Transpose: Operator {
  package static let parameterCount = 4
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// The input axis, 0…3 of N, H, W, C, that becomes each axis of the output.
    case fromBatch
    case fromRow
    case fromColumn
    case fromChannel
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  private func axis(_ index: Int) -> Int { Int(view.parameter(Word.fromBatch, axis: index)) }

  func validate() throws(ModelError) {
    var seen = 0
    for index in 0..<4 {
      try view.require(parameter: Word.fromBatch, axis: index, in: 0...3)
      seen |= 1 << axis(index)
      try view.require(output.dimension(index) == input.dimension(axis(index)))
    }
    try view.require(seen == 15, .operatorParameters)
  }

  func run(_ context: OperatorContext) {
    var copy = StridedCopy()
    let strides = input.strides
    copy.targetStrides = output.strides
    for index in 0..<4 {
      copy.extents[index] = output.dimension(index)
      copy.sourceStrides[index] = strides[axis(index)]
    }
    if output.isInt16 {
      return unsafe copy.run(context.input(0, as: Int16.self), context.output(0, as: Int16.self))
    }
    unsafe copy.run(context.input(0), context.output(0))
  }
}
