/// Depthwise convolution and activation of int16 with int8 weights.
///
/// Input `[N, H, W, C]`, weights `[KH, KW, C · M]`, output `[N, OH, OW, C · M]`; output channel
/// `c · M + m` reads input channel c. All zero points are 0, so padding adds nothing.
package struct DepthwiseConvolution16: Operator {
  package static let parameterCount = 8 + Weighted16.wordCount
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    case strideHeight
    case strideWidth
    case dilationHeight
    case dilationWidth
    case paddingTop
    case paddingLeft
    case kernelHeight
    case kernelWidth
    /// See ``Weighted16``.
    case sumsNarrowly
    case lower
    case upper
    case weights
    case bias
    case multipliers
    case shifts
  }

  private static let rowWords = Window.Words(
    kernel: Word.kernelHeight, stride: Word.strideHeight, dilation: Word.dilationHeight,
    padding: Word.paddingTop)
  private static let columnWords = Window.Words(
    kernel: Word.kernelWidth, stride: Word.strideWidth, dilation: Word.dilationWidth,
    padding: Word.paddingLeft)

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  private var rows: Window {
    Window(view, Self.rowWords, input: input.height, output: output.height)
  }
  private var columns: Window {
    Window(view, Self.columnWords, input: input.width, output: output.width)
  }

  /// Weights of a channel; what overflows is refused.
  private var patchCount: Int {
    product(rows.kernel, columns.kernel, limit: BlobLimits.weightCount) ?? .max
  }

  var demand: Demand {
    Demand(
      dataByteCount: Weighted16.dataByteCount(
        patchCount: patchCount, channels: output.channels),
      partCount: output.elementCount, stepCount: 2 &* rows.reach &* columns.reach &+ 32)
  }

  func validate() throws(ModelError) {
    try view.require(
      input.batch == output.batch && output.channels % input.channels == 0)
    try Window.validate(view, Self.rowWords, input: input.height, output: output.height)
    try Window.validate(view, Self.columnWords, input: input.width, output: output.width)
    try Weighted16(view, first: Word.sumsNarrowly).validate(
      patchCount: patchCount, channelStep: 1, step: output.channels)
  }

  /// Rows of the output are finished in order.
  func overlapDistance(input index: Int) -> Int? {
    guard input.batch == 1 else { return nil }
    return rows.overlapDistance(inputRow: input.rowByteCount, outputRow: output.rowByteCount)
  }

  func run(_ context: OperatorContext) {
    let channels = Weighted16(view, first: Word.sumsNarrowly).channels()
    let (rows, columns) = (rows, columns)
    let multiplier = output.channels / input.channels
    let rowCount = input.width &* input.channels
    var target = unsafe context.output(0, as: Int16.self)
    for batch in 0..<input.batch {
      let source = unsafe context.input(0, as: Int16.self) + batch &* input.height &* rowCount
      for row in 0..<output.height {
        let rowTaps = rows.taps(row)
        for column in 0..<output.width {
          let columnTaps = columns.taps(column)
          for channel in 0..<output.channels {
            var sum = channels.bias(channel)
            for tapRow in rowTaps {
              let y = rows.start(row) &+ tapRow &* rows.dilation
              for tapColumn in columnTaps {
                let x = columns.start(column) &+ tapColumn &* columns.dilation
                let tap = tapRow &* columns.kernel &+ tapColumn
                let weight = unsafe channels.weights[tap &* output.channels &+ channel]
                let value =
                  unsafe source[y &* rowCount &+ x &* input.channels &+ channel / multiplier]
                sum &+= Int64(Int32(weight) &* Int32(value))
              }
            }
            unsafe target[channel] = channels.code(sum, channel)
          }
          unsafe target += output.channels
        }
      }
    }
  }
}
