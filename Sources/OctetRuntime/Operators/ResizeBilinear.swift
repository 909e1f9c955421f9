/// Each output pixel is mixed from four of the input's: `[N, H, W, C]` to `[N, OH, OW, C]`, scale
/// and zero point stay.
///
/// As TensorFlow Lite: weights in 1024ths along each axis, which the exporter tabulates; the sum is
/// divided by 2²⁰, half away from zero.
package struct ResizeBilinear: Operator {
  package static let parameterCount = 2
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// Blob offset of int32 `[OH, 3]`: for each output row the input rows before and after it, and
    /// the weight of the latter in 1024ths, −1024…1024.
    case rows
    /// Blob offset of int32 `[OW, 3]`: the same for columns.
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
    try validateTable(Word.rows, count: output.height, limit: input.height)
    try validateTable(Word.columns, count: output.width, limit: input.width)
  }

  private func validateTable(_ word: Word, count: Int, limit: Int) throws(ModelError) {
    try view.requireData(parameter: word, byteCount: 12 &* count, alignment: 4)
    let start = Int(view.parameter(word))
    for index in 0..<count {
      let entry = start &+ 12 &* index
      let lower = Int(view.blob.signedWord(entry))
      let upper = Int(view.blob.signedWord(entry &+ 4))
      let weight = view.blob.signedWord(entry &+ 8)
      try view.require(
        lower >= 0 && lower < limit && upper >= 0 && upper < limit && weight >= -1024
          && weight <= 1024, .operatorParameters)
    }
  }

  var demand: Demand {
    Demand(
      dataByteCount: 12 &* (output.height &+ output.width), partCount: output.elementCount,
      stepCount: 32)
  }

  func run(_ context: OperatorContext) {
    let rows = unsafe context.data(view.parameter(Word.rows), as: Int32.self)
    let columns = unsafe context.data(view.parameter(Word.columns), as: Int32.self)
    let channels = output.channels
    let rowByteCount = input.width &* channels
    var target = unsafe context.output(0)
    for batch in 0..<output.batch {
      let source = unsafe context.input(0) + batch &* input.height &* rowByteCount
      for row in 0..<output.height {
        let top = unsafe source + Int(rows[3 &* row]) &* rowByteCount
        let bottom = unsafe source + Int(rows[3 &* row &+ 1]) &* rowByteCount
        let down = unsafe rows[3 &* row &+ 2]
        for column in 0..<output.width {
          let left = unsafe Int(columns[3 &* column]) &* channels
          let right = unsafe Int(columns[3 &* column &+ 1]) &* channels
          let across = unsafe columns[3 &* column &+ 2]
          for channel in 0..<channels {
            // |1024 − w| + |w| ≤ 3 · 1024 along each axis, so |sum| ≤ 9 · 2²⁷ < 2³¹.
            let upper =
              unsafe (1024 &- across) &* Int32(top[left &+ channel])
              &+ across &* Int32(top[right &+ channel])
            let lower =
              unsafe (1024 &- across) &* Int32(bottom[left &+ channel])
              &+ across &* Int32(bottom[right &+ channel])
            let sum = (1024 &- down) &* upper &+ down &* lower
            let rounded = (sum &+ (sum > 0 ? 1 << 19 : -(1 << 19))) / (1 << 20)
            unsafe target[channel] = clamp(rounded, -128, 127)
          }
          unsafe target += channels
        }
      }
    }
  }
}
