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
    /// The constant, a code.
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
    try view.require(parameter: Word.value, in: ~view.mostCode...view.mostCode)
  }

  func run(_ context: OperatorContext) {
    if output.isInt16 { return run(context, Int16.self) }
    run(context, Int8.self)
  }

  private func run<Element: TensorElement>(_ context: OperatorContext, _ element: Element.Type) {
    let target = unsafe context.output(0, as: element)
    let value = Element(truncatingIfNeeded: view.parameter(Word.value))
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
    unsafe copy.run(context.input(0, as: element) + from, target + to)
  }
}
