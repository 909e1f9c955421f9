/// Depthwise convolution and activation.
///
/// Input `[N, H, W, C]`, weights `[KH, KW, C · M]`, output `[N, OH, OW, C · M]`; output channel
/// `c · M + m` reads input channel c. The bias is folded as a convolution's:
/// `bias[o] − zeroPoint · Σ w[o]`, so padding contributes `zeroPoint · w`.
package struct DepthwiseConvolution: Operator {
  package static let parameterCount = 14
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
    case lower
    case upper
    /// Blob offsets: int8 weights, int32 folded bias, int32 multipliers and int8 shifts, one for
    /// each output channel.
    case weights
    case bias
    case multipliers
    case shifts
  }

  static let rowWords = Window.Words(
    kernel: Word.kernelHeight, stride: Word.strideHeight, dilation: Word.dilationHeight,
    padding: Word.paddingTop)
  static let columnWords = Window.Words(
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

  var rows: Window {
    Window(view, Self.rowWords, input: input.height, output: output.height)
  }
  var columns: Window {
    Window(view, Self.columnWords, input: input.width, output: output.width)
  }

  /// Weights of a channel. Validated: each factor is at most 2²⁶, and what overflows is refused.
  private var patchCount: Int {
    product(rows.kernel, columns.kernel, limit: BlobLimits.weightCount) ?? .max
  }

  var demand: Demand {
    Demand(
      dataByteCount: (patchCount &+ 9) &* output.channels, partCount: output.elementCount,
      stepCount: rows.reach &* columns.reach &+ 16)
  }

  func validate() throws(ModelError) {
    try view.require(
      input.batch == output.batch && output.channels % input.channels == 0)
    try Window.validate(view, Self.rowWords, input: input.height, output: output.height)
    try Window.validate(view, Self.columnWords, input: input.width, output: output.width)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
    try WeightedData(interleaved: view, first: Word.weights, patchCount: patchCount).validate()
  }

  func overlapDistance(input index: Int) -> Int? {
    guard input.batch == 1 else { return nil }
    return rows.overlapDistance(
      inputRow: input.width &* input.channels, outputRow: output.width &* output.channels)
  }
}

// MARK: The scratch memory of cores with SMLAD, see DepthwiseConvolution+Halves.swift

extension DepthwiseConvolution {
  var scratchByteCount: Int {
    takesBand ? 4 &* (bandWeightCount &+ 20 &+ rows.kernel &* bandWidth) : 0
  }

  /// None: without any the kernel of all other shapes runs.
  var leastScratchByteCount: Int { 0 }

  /// Whether four channels of a kernel and two of its windows are worth copying, and steps along
  /// rows are constants.
  var takesBand: Bool {
    output.channels >= 4 && input.channels == output.channels && rows.kernel <= 32
      && columns.kernel <= 32 && columns.dilation == 1 && columns.stride <= 2
  }

  /// Taps of a kernel row, by threes.
  var bandTapCount: Int { (columns.kernel &+ 2) / 3 &* 3 }
  /// Words of four channels' widened weights, and one behind each three taps.
  var bandWeightCount: Int { rows.kernel &* 7 &* (bandTapCount / 3) }

  /// Words of a band's row: of all windows of a row, or of as many as 384 bytes of scratch have
  /// room for, at least two.
  var bandWidth: Int {
    let least = bandTapCount &+ columns.stride
    let all = least &+ ((output.width &+ 1) / 2 &- 1) &* 2 &* columns.stride
    let room = (96 &- 20 &- bandWeightCount) / rows.kernel
    return max(least, min(all, room))
  }
}
