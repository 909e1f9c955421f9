/// Fully connected layer and activation.
///
/// Input `[…, I]` seen as `[rows, I]`, weights `[O, I]`, output `[…, O]` seen as `[rows, O]`.
///
/// The bias is folded: `bias[o] − zeroPoint · Σ w[o] + I · zeroPoint · weightZeroPoint`. Weights
/// have zero point 0 save in models of others; then `weightZeroPoint · Σ x` is taken off each row.
package struct FullyConnected: Operator {
  package static let parameterCount = 7
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    case weightZeroPoint
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
    private(set) var block: WeightBlock?
  #endif

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
  }

  var rows: Int { output.elementCount / output.channels }
  /// I, the values of a row.
  var depth: Int { input.elementCount / rows }

  var demand: Demand {
    Demand(
      dataByteCount: view.weightByteCount(depth &* output.channels) &+ 9 &* output.channels,
      partCount: output.elementCount,
      stepCount: depth &+ 16)
  }

  func validate() throws(ModelError) {
    try view.require(parameter: Word.weightZeroPoint, in: -128...127)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
    try view.require(input.elementCount % rows == 0)
    try WeightedData(
      view, first: Word.weights, patchCount: depth,
      zeroPoint: view.parameter(Word.weightZeroPoint)
    ).validate()
    try view.require(!view.hasNarrowWeights || blocks.checkedByteCount != nil, .tooLarge)
  }

  /// Rows are taken by fours.
  var blocks: WeightBlocks { WeightBlocks(patchCount: depth, channels: output.channels, least: 4) }

  var scratchByteCount: Int { view.hasNarrowWeights ? blocks.byteCount : 0 }

  func run(_ context: OperatorContext) {
    #if arch(arm) && !canImport(COctetKernels.NEON) && !canImport(COctetKernels.MVE)
      if view.hasNarrowWeights, runNarrow(context) { return }
    #endif
    guard view.hasNarrowWeights else { return runBlock(context) }
    var layer = self
    while true {
      layer.block = unsafe blocks.next(
        after: layer.block, view.data(view.parameter(Word.weights), as: UInt8.self),
        context.scratch)
      if layer.block == nil { return }
      layer.runBlock(context)
    }
  }

  func runPortable(_ context: OperatorContext) {
    let channels = Channels(self)
    let weightZeroPoint = Int16(truncatingIfNeeded: view.parameter(Word.weightZeroPoint))
    for row in 0..<rows {
      let source = unsafe context.input(0) + row &* depth
      let target = unsafe context.output(0) + (row &* output.channels &+ channels.first)
      unsafe channels.connectPortable(source, weightZeroPoint: weightZeroPoint, target)
    }
  }
}

extension Channels {
  /// target[c] = int8 of bias[c] + Σₖ (weights[c][k] − `weightZeroPoint`) · values[k].
  @inline(__always)
  func connectPortable(
    _ values: UnsafePointer<Int8>, weightZeroPoint: Int16, _ target: UnsafeMutablePointer<Int8>
  ) {
    var index = 0
    while index &+ 4 <= count {
      let sums = unsafe dotFour(
        weights + index &* depth, zeroPoint: weightZeroPoint, values, count: depth)
      unsafe store(sums.0, index, target)
      unsafe store(sums.1, index &+ 1, target)
      unsafe store(sums.2, index &+ 2, target)
      unsafe store(sums.3, index &+ 3, target)
      index &+= 4
    }
    while index < count {
      let sum = unsafe dot(
        weights + index &* depth, zeroPoint: weightZeroPoint, values, count: depth)
      unsafe store(sum, index, target)
      index &+= 1
    }
  }

  @inline(__always)
  private func store(_ sum: Int32, _ index: Int, _ target: UnsafeMutablePointer<Int8>) {
    let value = unsafe requantize(sum &+ bias[index], multiplier(index))
    unsafe target[index] = clamp(value &+ zeroPoint, lower, upper)
  }
}

#if !hasFeature(Embedded)
  extension FullyConnected {
    /// What firmware for this operator needs beside the kernel that all such layers share: parts of
    /// `OCTET_SELECT`, as its kind. None for another kind.
    package static func variants(_ view: OperatorRecord) -> [String] {
      guard view.kind == .fullyConnected || view.kind == .fullyConnected4 else { return [] }
      return FullyConnected(view).depth <= shallowDepth ? ["SHALLOW"] : []
    }

    /// Weights of a row at most whose result takes as long as its products.
    package static let shallowDepth = 64
  }
#endif
