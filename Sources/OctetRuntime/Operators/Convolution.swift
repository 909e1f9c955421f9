/// Convolution, activation and, where it follows, max pool without padding, as one operator.
///
/// Input `[N, H, W, I]`, weights `[O, KH, KW, I / groups]`, output `[N, PH, PW, O]`: the
/// convolution's `[N, CH, CW, O]` after the pool. Requantization is monotone, so the maximum is
/// taken over int32 accumulators, which gives the same bytes as pooling afterwards.
///
/// The bias is folded: `bias[o] − zeroPoint · Σ w[o]`, so that accumulation needs no zero point and
/// padding contributes `zeroPoint · w`. The validator proves that no partial sum overflows int32.
package struct Convolution: Operator {
  package static let parameterCount = 21
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
    case groups
    case kernelHeight
    case kernelWidth
    /// Rows and columns before the pool.
    case height
    case width
    /// 1 and 1 when there is no pool.
    case poolHeight
    case poolWidth
    case poolStrideHeight
    case poolStrideWidth
    case lower
    case upper
    /// Blob offsets: int8 weights, int32 folded bias `[O]`, int32 multipliers and int8 shifts
    /// `[O]`.
    case weights
    case bias
    case multipliers
    case shifts
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord
  #if OCTET_SELECT && !OCTET_INT4
    /// The image has no weights of four bits.
    var block: WeightBlock? {
      get { nil }
      set {}
    }
  #else
    /// Output channels to compute, of weights of four bits; nil for all of int8.
    var block: WeightBlock?
  #endif

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  func word(_ word: Word) -> Int { Int(view.parameter(word)) }

  /// Whether each output pixel is of the input pixel in its place, and rows are long enough that a
  /// kernel that takes the pixels by fours overwrites none that it has yet to read.
  var isPointwise: Bool {
    word(Word.kernelHeight) == 1 && word(Word.kernelWidth) == 1 && output.width >= 4
      && input.width == output.width && input.height == output.height
      && word(Word.poolHeight) == 1 && word(Word.poolWidth) == 1
      && word(Word.paddingTop) == 0 && word(Word.paddingLeft) == 0
  }

  /// Weights of one output channel: KH · KW · I / groups.
  var patchCount: Int {
    word(Word.kernelHeight) &* word(Word.kernelWidth) &* (input.channels / word(Word.groups))
  }

  /// Pool windows may overlap, and are computed one by one.
  var demand: Demand {
    Demand(
      dataByteCount: view.weightByteCount(patchCount &* output.channels) &+ 9 &* output.channels,
      partCount: product(output.elementCount, windowCount, limit: .max) ?? .max,
      stepCount: patchCount &+ 16)
  }

  func validate() throws(ModelError) {
    let extents = Int32(BlobLimits.windowExtent)
    try view.require(parameters: Word.strideHeight, through: .dilationWidth, in: 1...extents)
    try view.require(parameters: Word.paddingTop, through: .paddingLeft, in: 0...extents)
    let kernel = Word.kernelHeight.rawValue...Word.kernelWidth.rawValue
    for index in Word.groups.rawValue...Word.poolStrideWidth.rawValue {
      let isKernel = kernel.contains(index)
      try view.require(
        parameter: index, in: 1...(isKernel ? extents : Int32(BlobLimits.elementCount)))
    }
    let groups = word(Word.groups)
    try view.require(
      input.batch == output.batch && input.channels % groups == 0
        && output.channels % groups == 0)
    try validateAxis(
      input: input.height, output: output.height, stride: Word.strideHeight,
      padding: Word.paddingTop, convolved: Word.height, pool: Word.poolHeight,
      poolStride: Word.poolStrideHeight)
    try validateAxis(
      input: input.width, output: output.width, stride: Word.strideWidth,
      padding: Word.paddingLeft, convolved: Word.width, pool: Word.poolWidth,
      poolStride: Word.poolStrideWidth)
    try view.require(product(word(Word.poolHeight), word(Word.poolWidth)) != nil, .tooLarge)
    try view.require(checkedBandByteCount != nil, .tooLarge)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
    let taps = word(Word.kernelHeight) &* word(Word.kernelWidth)
    let patchCount = product(taps, input.channels / groups, limit: .max) ?? .max
    try WeightedData(view, first: Word.weights, patchCount: patchCount).validate()
    try view.require(!view.hasNarrowWeights || blocks.checkedByteCount != nil, .tooLarge)
  }

  /// Every window starts inside the padded input, and the pool's windows tile the convolution.
  private func validateAxis(
    input: Int, output: Int, stride: Word, padding: Word, convolved: Word, pool: Word,
    poolStride: Word
  ) throws(ModelError) {
    let last = product(word(convolved) &- 1, word(stride))
    let pooled = product(output &- 1, word(poolStride))
    guard let last, let pooled else { throw ModelError(.operatorShape, at: view.offset) }
    try view.require(
      last &- word(padding) < input && word(pool) <= word(convolved)
        && pooled <= word(convolved) &- word(pool))
  }

  /// Output row y may overwrite the input rows that no later output row reads: rows before
  /// `y · poolStride · stride − padding`. Kernels finish output rows in order, of each block of
  /// channels.
  func overlapDistance(input index: Int) -> Int? {
    guard input.batch == 1, !view.hasNarrowWeights || blocks.isWhole else { return nil }
    return Window.overlapDistance(
      rowCount: output.height, step: word(Word.poolStrideHeight) &* word(Word.strideHeight),
      padding: word(Word.paddingTop), inputRow: input.width &* input.channels,
      outputRow: output.width &* output.channels)
  }
}

// MARK: The channels to compute

extension Convolution {
  /// Blocks that are worth reading the input for again.
  var blocks: WeightBlocks {
    WeightBlocks(
      patchCount: patchCount, channels: output.channels, groups: word(Word.groups), least: 16)
  }

  /// The first output channel, those of each group, and the groups.
  var firstChannel: Int { block?.first ?? 0 }
  var blockChannelCount: Int { block?.count ?? groupChannelCount }
  var blockGroups: Range<Int> { block?.groups ?? 0..<word(Word.groups) }

  /// The weights of the first channel.
  var weights: UnsafePointer<Int8> {
    unsafe block?.weights ?? view.data(view.parameter(Word.weights), as: Int8.self)
  }

  /// Bytes of scratch memory for kernels, before those of a block.
  var kernelScratchByteCount: Int {
    view.hasNarrowWeights
      ? (view.scratchByteCount &- blocks.byteCount) & ~15 : view.scratchByteCount
  }

  func run(_ context: OperatorContext) {
    #if arch(arm) && OCTET_ALL_PREPARED
      // The image has no other model: there is no other kernel.
      _ = runPrepared(context)
    #else
      #if arch(arm) && OCTET_PREPARED
        if runPrepared(context) { return }
      #endif
      guard view.hasNarrowWeights else { return runBlock(context) }
      var layer = self
      while true {
        layer.block = unsafe blocks.next(
          after: layer.block, view.data(view.parameter(Word.weights), as: UInt8.self),
          context.scratch + kernelScratchByteCount)
        if layer.block == nil { return }
        layer.runBlock(context)
      }
    #endif
  }
}

#if !hasFeature(Embedded)
  extension Convolution {
    /// What firmware for this operator needs beside the kernel that all convolutions share: parts
    /// of `OCTET_SELECT`, as its kind. None for another kind.
    package static func variants(_ view: OperatorRecord) -> [String] {
      guard view.kind == .convolution || view.kind == .convolution4 else { return [] }
      let layer = Convolution(view)
      return (layer.windowCount > 1 ? ["POOLED"] : ["UNPOOLED"])
        + (layer.windowCount > 4 ? ["LONGPOOLED"] : [])
        + (layer.isPointwise ? ["POINTWISE"] : [])
        + (layer.word(Word.groups) > 1 || layer.word(Word.dilationWidth) > 1 ? ["TAPRUNS"] : [])
    }

    /// Scratch memory that the rows with zero points around them take of a convolution.
    package static func bandByteCount(_ view: OperatorRecord) -> Int {
      Convolution(view).bandByteCount
    }
  }
#endif
