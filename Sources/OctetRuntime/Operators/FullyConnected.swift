/// Fully connected layer and activation.
///
/// Input `[…, I]` seen as `[rows, I]`, weights `[O, I]`, output `[…, O]` seen as `[rows, O]`.
///
/// The bias is folded: `bias[o] − zeroPoint · Σ w[o] + I · zeroPoint · weightZeroPoint`. Weights have
/// zero point 0 save in models of others; then `weightZeroPoint · Σ x` is taken off each row.
package struct FullyConnected: Operator {
  package static let parameterCount = 7
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word {
    package static let weightZeroPoint = 0
    package static let lower = 1
    package static let upper = 2
    /// Blob offsets: int8 weights, int32 folded bias `[O]`, int32 multipliers and int8 shifts `[O]`.
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
    let bias = unsafe context.data(view.parameter(Word.bias), as: Int32.self)
    let multipliers = unsafe context.data(view.parameter(Word.multipliers), as: Int32.self)
    let shifts = unsafe context.data(view.parameter(Word.shifts), as: Int8.self)
    let weightZeroPoint = view.parameter(Word.weightZeroPoint)
    let lower = view.parameter(Word.lower)
    let upper = view.parameter(Word.upper)
    let zeroPoint = output.zeroPoint
    let depth = depth
    let channels = output.channels
    for row in 0..<rows {
      let source = unsafe context.input(0) + row &* depth
      let target = unsafe context.output(0) + row &* channels
      var offset: Int32 = 0
      if weightZeroPoint != 0 {
        for index in 0..<depth { unsafe offset &+= Int32(source[index]) }
        offset &*= weightZeroPoint
      }
      for channel in 0..<channels {
        let sum = unsafe dot(weights + channel &* depth, source, count: depth)
        let by = unsafe FixedPointMultiplier(
          multiplier: multipliers[channel], shift: Int32(shifts[channel]))
        let value = unsafe requantize(sum &+ bias[channel] &- offset, by) &+ zeroPoint
        unsafe target[channel] = clamp(value, lower, upper)
      }
    }
  }
}

/// Σ a · b. The exporter bounds the sum with its bias, so int32 holds it.
@inline(__always)
private func dot(_ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, count: Int) -> Int32 {
  var sum: Int32 = 0
  for index in 0..<count { unsafe sum &+= Int32(a[index]) &* Int32(b[index]) }
  return sum
}
