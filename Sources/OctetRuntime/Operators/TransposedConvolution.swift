/// Transposed convolution and activation.
///
/// Input `[N, H, W, I]`, weights `[O, KH, KW, I / groups]`, output `[N, OH, OW, O]`. Input pixel
/// (y, x) adds, by tap (i, j), to output pixel `(y · stride − padding + i · dilation, …)`; what
/// falls outside is dropped. The bias is not folded, since the number of taps varies by pixel.
package struct TransposedConvolution: Operator {
  package static let parameterCount = 15
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
    case lower
    case upper
    /// Blob offsets: int8 weights, int32 bias `[O]`, int32 multipliers and int8 shifts `[O]`.
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

  func word(_ word: Word) -> Int { Int(view.parameter(word)) }

  private var depth: Int { input.channels / word(Word.groups) }

  var taps: Int { word(Word.kernelHeight) &* word(Word.kernelWidth) }

  /// Every tap is looked at, whether it falls on an input pixel or not.
  var demand: Demand {
    Demand(
      dataByteCount: (taps &* depth &+ 9) &* output.channels, partCount: output.elementCount,
      stepCount: taps &* (depth &+ 16) &+ 16)
  }

  func validate() throws(ModelError) {
    let extents = Int32(BlobLimits.windowExtent)
    try view.require(parameters: Word.strideHeight, through: .dilationWidth, in: 1...extents)
    try view.require(parameters: Word.paddingTop, through: .paddingLeft, in: 0...extents)
    try view.require(parameter: Word.groups, in: 1...Int32(BlobLimits.elementCount))
    try view.require(parameters: Word.kernelHeight, through: .kernelWidth, in: 1...extents)
    let groups = word(Word.groups)
    try view.require(
      input.batch == output.batch && input.channels % groups == 0
        && output.channels % groups == 0)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
    // The input's zero point is not folded.
    let reach = max((-128 &- input.zeroPoint).magnitude, (127 &- input.zeroPoint).magnitude)
    try WeightedData(
      view, first: Word.weights, patchCount: product(taps, depth, limit: .max) ?? .max,
      reach: reach
    ).validate()
  }

  func run(_ context: OperatorContext) {
    let bias = unsafe context.data(view.parameter(Word.bias), as: Int32.self)
    let multipliers = unsafe context.data(view.parameter(Word.multipliers), as: Int32.self)
    let shifts = unsafe context.data(view.parameter(Word.shifts), as: Int8.self)
    let lower = view.parameter(Word.lower)
    let upper = view.parameter(Word.upper)
    var target = unsafe context.output(0)
    for batch in 0..<output.batch {
      for row in 0..<output.height {
        for column in 0..<output.width {
          for channel in 0..<output.channels {
            let sum = accumulate(
              context, batch: batch, row: row, column: column, channel: channel)
            let by = unsafe FixedPointMultiplier(
              multiplier: multipliers[channel], shift: Int32(shifts[channel]))
            unsafe target[channel] = clamp(
              requantize(sum &+ bias[channel], by) &+ output.zeroPoint, lower, upper)
          }
          unsafe target += output.channels
        }
      }
    }
  }

  /// What the input pixels whose taps fall on one output element add to it.
  private func accumulate(
    _ context: OperatorContext, batch: Int, row: Int, column: Int, channel: Int
  ) -> Int32 {
    let groups = word(Word.groups)
    let depth = depth
    let group = channel / (output.channels / groups)
    let zeroPoint = input.zeroPoint
    var weight = unsafe context.data(view.parameter(Word.weights), as: Int8.self)
    unsafe weight +=
      channel &* word(Word.kernelHeight) &* word(Word.kernelWidth) &* depth
    var sum: Int32 = 0
    for kernelRow in 0..<word(Word.kernelHeight) {
      let y = row &+ word(Word.paddingTop) &- kernelRow &* word(Word.dilationHeight)
      let inputRow = y / word(Word.strideHeight)
      let isRow = y >= 0 && inputRow &* word(Word.strideHeight) == y && inputRow < input.height
      for kernelColumn in 0..<word(Word.kernelWidth) {
        let x = column &+ word(Word.paddingLeft) &- kernelColumn &* word(Word.dilationWidth)
        let inputColumn = x / word(Word.strideWidth)
        if isRow, x >= 0, inputColumn &* word(Word.strideWidth) == x, inputColumn < input.width {
          let pixel = (batch &* input.height &+ inputRow) &* input.width &+ inputColumn
          let source = unsafe context.input(0) + (pixel &* input.channels &+ group &* depth)
          for index in 0..<depth {
            unsafe sum &+= Int32(weight[index]) &* (Int32(source[index]) &- zeroPoint)
          }
        }
        unsafe weight += depth
      }
    }
    return sum
  }
}
