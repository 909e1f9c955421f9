/// Fully connected layer and activation of int16 with int8 weights.
///
/// Input `[…, I]` seen as `[rows, I]`, weights `[O, I]`, output `[…, O]` seen as `[rows, O]`. All
/// zero points are 0.
package struct FullyConnected16: Operator {
  package static let parameterCount = Weighted16.wordCount
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order, see ``Weighted16``.
  package enum Word: Int, ParameterWord {
    case sumsNarrowly
    case lower
    case upper
    case weights
    case bias
    case multipliers
    case shifts
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  var rows: Int { output.elementCount / output.channels }
  var depth: Int { input.elementCount / rows }

  var demand: Demand {
    Demand(
      dataByteCount: Weighted16.dataByteCount(patchCount: depth, channels: output.channels),
      partCount: output.elementCount, stepCount: 2 &* depth &+ 32)
  }

  func validate() throws(ModelError) {
    try view.require(input.elementCount % rows == 0)
    try Weighted16(view, first: Word.sumsNarrowly).validate(
      patchCount: depth, channelStep: depth, step: 1)
  }

  func run(_ context: OperatorContext) {
    let channels = Weighted16(view, first: Word.sumsNarrowly).channels()
    let depth = depth
    for row in 0..<rows {
      let source = unsafe context.input(0, as: Int16.self) + row &* depth
      let target = unsafe context.output(0, as: Int16.self) + row &* output.channels
      unsafe channels.store(
        0, count: output.channels, depth: depth, source, patchCount: depth, into: target,
        backend: context.backend)
    }
  }
}
