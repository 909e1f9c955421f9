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
  package enum Word {
    package static let strideHeight = 0
    package static let strideWidth = 1
    package static let dilationHeight = 2
    package static let dilationWidth = 3
    package static let paddingTop = 4
    package static let paddingLeft = 5
    package static let groups = 6
    package static let kernelHeight = 7
    package static let kernelWidth = 8
    /// Rows and columns before the pool.
    package static let height = 9
    package static let width = 10
    /// 1 and 1 when there is no pool.
    package static let poolHeight = 11
    package static let poolWidth = 12
    package static let poolStrideHeight = 13
    package static let poolStrideWidth = 14
    package static let lower = 15
    package static let upper = 16
    /// Blob offsets: int8 weights, int32 folded bias `[O]`, int32 multipliers and int8 shifts
    /// `[O]`.
    package static let weights = 17
    package static let bias = 18
    package static let multipliers = 19
    package static let shifts = 20
  }

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  func word(_ index: Int) -> Int { Int(view.parameter(index)) }

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
      dataByteCount: (patchCount &+ 9) &* output.channels,
      partCount: product(output.elementCount, windowCount, limit: .max) ?? .max,
      stepCount: patchCount &+ 16)
  }

  func validate() throws(ModelError) {
    let extents = Int32(BlobLimits.windowExtent)
    for index in Word.strideHeight...Word.dilationWidth {
      try view.require(parameter: index, in: 1...extents)
    }
    for index in Word.paddingTop...Word.paddingLeft {
      try view.require(parameter: index, in: 0...extents)
    }
    for index in Word.groups...Word.poolStrideWidth {
      let isKernel = (Word.kernelHeight...Word.kernelWidth).contains(index)
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
  }

  /// Every window starts inside the padded input, and the pool's windows tile the convolution.
  private func validateAxis(
    input: Int, output: Int, stride: Int, padding: Int, convolved: Int, pool: Int,
    poolStride: Int
  ) throws(ModelError) {
    let last = product(word(convolved) &- 1, word(stride))
    let pooled = product(output &- 1, word(poolStride))
    guard let last, let pooled else { throw ModelError(.operatorShape, at: view.offset) }
    try view.require(
      last &- word(padding) < input && word(pool) <= word(convolved)
        && pooled <= word(convolved) &- word(pool))
  }

  /// Output row y may overwrite the input rows that no later output row reads: rows before
  /// `y · poolStride · stride − padding`. Kernels finish output rows in order.
  func overlapDistance(input index: Int) -> Int? {
    guard input.batch == 1 else { return nil }
    return Window.overlapDistance(
      rowCount: output.height, step: word(Word.poolStrideHeight) &* word(Word.strideHeight),
      padding: word(Word.paddingTop), inputRow: input.width &* input.channels,
      outputRow: output.width &* output.channels)
  }
}

#if !hasFeature(Embedded)
  extension Convolution {
    /// What firmware for this operator needs beside the kernel that all convolutions share: parts of
    /// `OCTET_SELECT`, as its kind. None for another kind.
    package static func variants(_ view: OperatorRecord) -> [String] {
      guard view.kind == .convolution else { return [] }
      let layer = Convolution(view)
      return [layer.windowCount > 1 ? "POOLED" : "UNPOOLED"]
        + (layer.isPointwise ? ["POINTWISE"] : [])
    }
  }
#endif
