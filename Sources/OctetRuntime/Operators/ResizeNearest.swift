/// Each output pixel is one of the input's: `[N, H, W, C]` to `[N, OH, OW, C]`, scale and zero
/// point stay. The exporter says which, so that every convention for coordinates fits.
package struct ResizeNearest: Operator {
  package static let parameterCount = 2
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// Blob offset of int32 `[OH]`: the input row of each output row.
    case rows
    /// Blob offset of int32 `[OW]`: the input column of each output column.
    case columns
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
    try view.require(input.batch == output.batch && input.channels == output.channels)
    try validateIndices(Word.rows, count: output.height, limit: input.height)
    try validateIndices(Word.columns, count: output.width, limit: input.width)
  }

  private func validateIndices(_ word: Word, count: Int, limit: Int) throws(ModelError) {
    try view.requireData(parameter: word, byteCount: 4 &* count, alignment: 4)
    let start = Int(view.parameter(word))
    for index in 0..<count {
      let position = Int(view.blob.signedWord(start &+ 4 &* index))
      try view.require(position >= 0 && position < limit, .operatorParameters)
    }
  }

  var demand: Demand {
    Demand(
      dataByteCount: 4 &* (output.height &+ output.width), partCount: output.elementCount,
      stepCount: 16)
  }

  func run(_ context: OperatorContext) {
    let rows = unsafe context.data(view.parameter(Word.rows), as: Int32.self)
    let columns = unsafe context.data(view.parameter(Word.columns), as: Int32.self)
    let channels = output.channels
    var target = unsafe context.output(0)
    for batch in 0..<output.batch {
      for row in 0..<output.height {
        if unsafe row > 0 && rows[row] == rows[row &- 1] {
          let rowByteCount = output.width &* channels
          let above = unsafe UnsafePointer(target) - rowByteCount
          unsafe copyForward(above, target, count: rowByteCount)
          unsafe target += rowByteCount
          continue
        }
        let first = unsafe (batch &* input.height &+ Int(rows[row])) &* input.width
        for column in 0..<output.width {
          let pixel = unsafe first &+ Int(columns[column])
          let source = unsafe context.input(0) + pixel &* channels
          if channels >= 8 {
            unsafe copyForward(source, target, count: channels)
          } else {
            for channel in 0..<channels { unsafe target[channel] = source[channel] }
          }
          unsafe target += channels
        }
      }
    }
  }
}
