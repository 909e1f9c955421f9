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
  package enum Word {
    package static let weightZeroPoint = 0
    package static let lower = 1
    package static let upper = 2
    /// Blob offsets: int8 weights, int32 folded bias `[O]`, int32 multipliers and int8 shifts
    /// `[O]`.
    package static let weights = 3
    package static let bias = 4
    package static let multipliers = 5
    package static let shifts = 6
  }

  let view: OperatorView
  let input: TensorView
  let output: TensorView

  init(_ view: OperatorView) {
    self.view = view
    input = view.input(0)
    output = view.output(0)
  }

  var rows: Int { output.elementCount / output.channels }
  /// I, the values of a row.
  var depth: Int { input.elementCount / rows }

  func validate() throws(ModelError) {
    try view.require(parameter: Word.weightZeroPoint, in: -128...127)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
    try view.require(input.elementCount % rows == 0)
    guard let weights = product(depth, output.channels) else {
      throw ModelError(.tooLarge, at: view.offset)
    }
    try view.requireWeights(parameter: Word.weights, byteCount: weights)
    try view.requireData(parameter: Word.bias, byteCount: 4 &* output.channels, alignment: 4)
    try view.requireMultipliers(
      parameter: Word.multipliers, shifts: Word.shifts, count: output.channels)
  }

  func runPortable(_ context: OperatorContext) {
    let weights = unsafe context.data(view.parameter(Word.weights), as: Int8.self)
    let weightZeroPoint = Int16(truncatingIfNeeded: view.parameter(Word.weightZeroPoint))
    let store = FullyConnectedStore(self, context)
    let depth = depth
    let channels = output.channels
    for row in 0..<rows {
      let source = unsafe context.input(0) + row &* depth
      let target = unsafe context.output(0) + row &* channels
      var channel = 0
      while channel &+ 4 <= channels {
        let sums = unsafe dotFour(
          weights + channel &* depth, zeroPoint: weightZeroPoint, source, count: depth)
        unsafe store(sums.0, channel, target)
        unsafe store(sums.1, channel &+ 1, target)
        unsafe store(sums.2, channel &+ 2, target)
        unsafe store(sums.3, channel &+ 3, target)
        channel &+= 4
      }
      while channel < channels {
        let sum = unsafe dot(
          weights + channel &* depth, zeroPoint: weightZeroPoint, source, count: depth)
        unsafe store(sum, channel, target)
        channel &+= 1
      }
    }
  }
}

/// How accumulators become int8.
@safe private struct FullyConnectedStore {
  // Safety: the operator was validated, so there is an entry for each channel.
  let bias: UnsafePointer<Int32>
  let multipliers: UnsafePointer<Int32>
  let shifts: UnsafePointer<Int8>
  let zeroPoint: Int32
  let lower: Int32
  let upper: Int32

  init(_ layer: FullyConnected, _ context: OperatorContext) {
    typealias Word = FullyConnected.Word
    let view = layer.view
    unsafe bias = context.data(view.parameter(Word.bias), as: Int32.self)
    unsafe multipliers = context.data(view.parameter(Word.multipliers), as: Int32.self)
    unsafe shifts = context.data(view.parameter(Word.shifts), as: Int8.self)
    zeroPoint = layer.output.zeroPoint
    lower = view.parameter(Word.lower)
    upper = view.parameter(Word.upper)
  }

  @inline(__always)
  func callAsFunction(_ sum: Int32, _ channel: Int, _ target: UnsafeMutablePointer<Int8>) {
    let by = unsafe FixedPointMultiplier(
      multiplier: multipliers[channel], shift: Int32(shifts[channel]))
    let value = unsafe requantize(sum &+ bias[channel], by)
    unsafe target[channel] = clamp(value &+ zeroPoint, lower, upper)
  }
}
