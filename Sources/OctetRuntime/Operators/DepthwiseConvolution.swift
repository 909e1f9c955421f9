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
  #if OCTET_SELECT && !OCTET_INT4
    /// The image has no weights of four bits.
    private var block: WeightBlock? {
      get { nil }
      set {}
    }
  #else
    /// All channels with weights of four bits, widened; nil for int8.
    private var block: WeightBlock?
  #endif

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

  /// Whether the image is one column, which may be taken for one row.
  var isColumn: Bool {
    input.width == 1 && output.width == 1 && columns.kernel == 1 && columns.padding == 0
  }

  /// The windows along both axes; turned, those of one column as of one row.
  func windows(isTurned: Bool) -> (rows: Window, columns: Window) {
    isTurned ? (columns, rows) : (rows, columns)
  }

  /// Weights of a channel. Validated: each factor is at most 2²⁶, and what overflows is refused.
  private var patchCount: Int {
    product(rows.kernel, columns.kernel, limit: BlobLimits.weightCount) ?? .max
  }

  var demand: Demand {
    Demand(
      dataByteCount: view.weightByteCount(patchCount &* output.channels) &+ 9 &* output.channels,
      partCount: output.elementCount,
      stepCount: rows.reach &* columns.reach &+ 16)
  }

  func validate() throws(ModelError) {
    try view.require(
      input.batch == output.batch && output.channels % input.channels == 0)
    try Window.validate(view, Self.rowWords, input: input.height, output: output.height)
    try Window.validate(view, Self.columnWords, input: input.width, output: output.width)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
    try WeightedData(interleaved: view, first: Word.weights, patchCount: patchCount).validate()
    try view.require(!view.hasNarrowWeights || blocks.checkedByteCount != nil, .tooLarge)
  }

  func overlapDistance(input index: Int) -> Int? {
    guard input.batch == 1 else { return nil }
    return rows.overlapDistance(
      inputRow: input.width &* input.channels, outputRow: output.width &* output.channels)
  }
}

extension DepthwiseConvolution {
  /// One: channels stand side by side.
  private var blocks: WeightBlocks {
    WeightBlocks(patchCount: patchCount, channels: output.channels, least: output.channels)
  }
  private var blockByteCount: Int { view.hasNarrowWeights ? blocks.byteCount : 0 }

  /// `[KH, KW, C · M]`.
  var weights: UnsafePointer<Int8> {
    unsafe block?.weights ?? view.data(view.parameter(Word.weights), as: Int8.self)
  }

  /// Bytes of scratch memory for kernels, before those of the widened weights.
  var kernelScratchByteCount: Int {
    view.hasNarrowWeights ? (view.scratchByteCount &- blockByteCount) & ~15 : view.scratchByteCount
  }

  var scratchByteCount: Int {
    let strips = DepthwiseStrips(self, turnsColumns: true)?.byteCount ?? 0
    return withBlock(max(bandByteCount, strips))
  }
  /// None for kernels: without any the kernel of all other shapes runs.
  var leastScratchByteCount: Int { blockByteCount }
  /// Also for the kernel of DepthwiseConvolution+Rows.swift.
  var mostScratchByteCount: Int {
    let halves = DepthwiseBand(self, byteCount: 2048, areHalves: true)?.byteCount ?? 0
    let turned =
      isColumn
      ? DepthwiseBand(self, byteCount: 2048, areHalves: true, isTurned: true)?.byteCount ?? 0 : 0
    let words = DepthwiseBand(self, byteCount: 2048, areHalves: false)?.byteCount ?? 0
    return max(withBlock(max(max(halves, turned), words)), scratchByteCount)
  }

  private func withBlock(_ byteCount: Int) -> Int {
    view.hasNarrowWeights ? (byteCount &+ 15) & ~15 &+ blockByteCount : byteCount
  }

  func run(_ context: OperatorContext) {
    guard view.hasNarrowWeights else { return runWidened(context) }
    var layer = self
    layer.block = unsafe blocks.next(
      after: nil, view.data(view.parameter(Word.weights), as: UInt8.self),
      context.scratch + kernelScratchByteCount)
    layer.runWidened(context)
  }
}

// MARK: The scratch memory of cores with SMLAD, see DepthwiseConvolution+Halves.swift

extension DepthwiseConvolution {
  var bandByteCount: Int {
    takesBand ? 4 &* (bandWeightCount &+ 20 &+ rows.kernel &* bandWidth) : 0
  }

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

/// What the kernel of DepthwiseConvolution+Rows.swift keeps: with SMLAD, weights of four channels,
/// and the input under the windows of two output rows; without, of one and of four.
struct DepthwiseBand {
  /// Rows and columns from a window to that of the next whose taps fall where its own do, and how
  /// many there are between.
  let stride: Int
  let columnStride: Int
  let rowPhaseCount: Int
  let columnPhaseCount: Int
  /// Words of a channel in a column of the windows, one below the other; with SMLAD a pair each.
  let columnWordCount: Int
  var pairCount: Int { columnWordCount }
  /// Whether windows are 3 × 3 with a stride of 1 or of 2.
  let isShort: Bool
  /// Words of a channel before its weights, threes of pairs of weights, and words in all.
  let headCount: Int
  let tripleCount: Int
  let recordCount: Int
  /// Output columns whose windows have room, one or an even number.
  let stretch: Int
  let byteCount: Int

  /// The most that fits into `limit` bytes; nil where that is too little, or windows are too far
  /// apart or too few to pay for it.
  init?(
    _ layer: DepthwiseConvolution, byteCount limit: Int, areHalves: Bool, isTurned: Bool = false
  ) {
    let (rows, columns) = layer.windows(isTurned: isTurned)
    guard limit > 0, rows.kernel <= 64, columns.kernel <= 64, rows.output &* columns.output >= 16
    else { return nil }
    (rowPhaseCount, stride) = rows.phases
    (columnPhaseCount, columnStride) = columns.phases
    // Four windows a stride apart take more to gather than they save.
    let mostStride = areHalves ? 4 : 1
    guard stride <= mostStride, columnStride <= mostStride else { return nil }
    isShort = rows.kernel == 3 && columns.kernel == 3 && stride == columnStride && stride <= 2
    headCount = isShort ? 9 : 12
    let fixedByteCount: Int
    let columnByteCount: Int
    if areHalves {
      columnWordCount = (rows.kernel &+ stride &+ 1) &>> 1
      tripleCount = (columnWordCount &* columns.kernel &+ 2) / 3
      recordCount = headCount &+ 6 &* (isShort ? 1 : tripleCount)
      // Kernels may read two words of each channel behind the last.
      fixedByteCount = 4 &+ 16 &* recordCount &+ (isShort ? 0 : 32)
      columnByteCount = 16 &* columnWordCount
    } else {
      columnWordCount = rows.kernel &+ 3
      tripleCount = 0
      recordCount = (rows.kernel &* columns.kernel &+ 3) &>> 2
      fixedByteCount = 4 &+ 4 &* recordCount
      columnByteCount = 4 &* columnWordCount
    }
    let room = (limit &- fixedByteCount) / columnByteCount &- columns.kernel
    let count = (columns.output &+ columnPhaseCount &- 1) / columnPhaseCount
    let most = room / columnStride &+ 1
    // Strips of a few columns repeat too many of their windows'.
    guard room >= 0, most >= min(count, 4) else { return nil }
    stretch = most >= count ? count : most & ~1
    let columnCount = (stretch &- 1) &* columnStride &+ columns.kernel
    byteCount = fixedByteCount &+ columnByteCount &* columnCount
  }
}
