/// A table of 256 results: any function of one int8 element, made by the exporter. ReLU with its
/// requantization, leaky ReLU, hard swish, logistic, tanh and quantization are of this kind.
///
/// One table for all, or one for each channel.
package struct Lookup: Operator {
  package static let parameterCount = 2
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// 1 or C.
    case tableCount
    /// Blob offset of int8 `[tableCount, 256]`; the result for x stands at x + 128.
    case tables
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
    try view.require(input.hasSameShape(as: output))
    let count = Int(view.parameter(Word.tableCount))
    try view.require(count == 1 || count == input.channels)
    guard let byteCount = product(count, 256) else {
      throw ModelError(.tooLarge, at: view.offset)
    }
    try view.requireData(parameter: Word.tables, byteCount: byteCount)
  }

  var demand: Demand {
    Demand(
      dataByteCount: 256 &* Int(view.parameter(Word.tableCount)), partCount: output.elementCount,
      stepCount: 16)
  }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    let source = unsafe context.input(0)
    let target = unsafe context.output(0)
    let tables = unsafe context.data(view.parameter(Word.tables), as: Int8.self) + 128
    if view.parameter(Word.tableCount) == 1 {
      for index in 0..<output.elementCount {
        unsafe target[index] = tables[Int(source[index])]
      }
      return
    }
    let channels = output.channels
    var index = 0
    while index < output.elementCount {
      for channel in 0..<channels {
        unsafe target[index &+ channel] =
          tables[channel &* 256 &+ Int(source[index &+ channel])]
      }
      index &+= channels
    }
  }
}
