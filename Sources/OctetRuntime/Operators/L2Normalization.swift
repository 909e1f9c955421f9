/// Rows over their Euclidean norm, times a factor: input `[…, C]`, output the same shape.
///
///     sum = epsilon + Σ (x − zero point)²
///     y = zero point + factor / √sum · (x − zero point)
///
/// The inverse of the root is found by Newton's method in fixed point, as TensorFlow Lite does. A
/// record without words is TensorFlow Lite's: rows of length 1 on (1/128, 0), without an epsilon. A
/// row of zeros stays so.
package struct L2Normalization: Operator {
  package static let parameterCount = 3
  static let previousParameterCount = 0
  static let takesNoParameters = true
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// What is added to the sum of the squared codes.
    case epsilon
    /// `gain / output scale`
    case multiplier
    case shift
  }

  /// What a factor may be shifted by: results stay within int32, and are not all 0.
  package static let shifts: ClosedRange<Int32> = -8...22

  let view: OperatorRecord
  let input: TensorRecord
  let output: TensorRecord
  /// nil for TensorFlow Lite's.
  private let factor: FixedPointMultiplier?
  private let epsilon: Int32

  init(_ view: OperatorRecord) {
    self.view = view
    input = view.operand(0)
    output = view.result(0)
    let hasWords = view.parameterCount == Self.parameterCount
    factor = hasWords ? view.multiplier(Word.multiplier, shift: Word.shift) : nil
    epsilon = hasWords ? view.parameter(Word.epsilon) : 0
  }

  func validate() throws(ModelError) {
    try view.require(input.hasSameShape(as: output))
    // A sum of squares, each at most 255², fits int32.
    try view.require(input.channels <= 1 << 15, .tooLarge)
    guard factor != nil else { return }
    let most = Int32.max &- 255 &* 255 &* Int32(truncatingIfNeeded: input.channels)
    try view.require(parameter: Word.epsilon, in: 0...most)
    try view.require(parameter: Word.multiplier, in: 1 << 30...Int32.max)
    try view.require(parameter: Word.shift, in: Self.shifts)
  }

  /// A row of one element takes a root for it.
  var demand: Demand { Demand(partCount: input.elementCount, stepCount: 128) }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    let zero = input.zeroPoint
    for row in 0..<input.elementCount / input.channels {
      let source = unsafe context.input(0) + row &* input.channels
      let target = unsafe context.output(0) + row &* input.channels
      var sum = epsilon
      for index in 0..<input.channels {
        let value = unsafe Int32(source[index]) &- zero
        sum &+= value &* value
      }
      let by = factor(of: sum)
      for index in 0..<input.channels {
        let value = unsafe Int32(source[index]) &- zero
        unsafe target[index] = clamp(requantize(value, by) &+ output.zeroPoint, -128, 127)
      }
    }
  }

  /// What the codes of a row are multiplied with. |x| ≤ 255 is shifted to the left by 22 at most.
  @inline(__always)
  private func factor(of sum: Int32) -> FixedPointMultiplier {
    var by = GemmlowpFixedPoint.inverseSquareRoot(sum)
    guard let factor else {
      // 1/128 is a step.
      by.shift &+= 7
      return by
    }
    by.multiplier = highMultiply(by.multiplier, factor.multiplier)
    by.shift &+= factor.shift
    return by
  }
}
