/// Softmax over the last axis, in fixed point: input `[…, C]`, output the same shape, (1/256,
/// −128).
///
/// As TensorFlow Lite for Microcontrollers: differences to the row's maximum are scaled to Q5.26,
/// their exponentials summed in Q12.19, and the sum's reciprocal found by Newton's method.
package struct Softmax: Operator {
  package static let parameterCount = 3
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word {
    /// `beta · input scale · 2²⁶`, at most 2³¹ − 1, as a multiplier and a left shift.
    package static let multiplier = 0
    package static let shift = 1
    /// −255…0: differences below it count as an exponential of 0.
    package static let differenceMinimum = 2
  }

  let view: OperatorView
  let input: TensorView
  let output: TensorView

  init(_ view: OperatorView) {
    self.view = view
    input = view.input(0)
    output = view.output(0)
  }

  func validate() throws(ModelError) {
    try view.require(input.hasSameShape(as: output))
    // The sum of the exponentials, each at most 1, has 12 integer bits.
    try view.require(input.channels < 1 << 12, .tooLarge)
    try view.require(parameter: Word.multiplier, in: 1 << 30...Int32.max)
    try view.require(parameter: Word.shift, in: 0...30)
    try view.require(parameter: Word.differenceMinimum, in: -255...0)
  }

  func overlapDistance(input index: Int) -> Int? { 0 }

  func run(_ context: OperatorContext) {
    let channels = input.channels
    for row in 0..<input.elementCount / channels {
      let start = row &* channels
      unsafe run(context.input(0) + start, context.output(0) + start, count: channels)
    }
  }

  /// `target` may be `source`.
  private func run(
    _ source: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int8>, count: Int
  ) {
    let differenceMinimum = view.parameter(Word.differenceMinimum)
    var maximum: Int8 = -128
    for index in 0..<count { maximum = unsafe max(maximum, source[index]) }
    var sum: Int32 = 0  // Q12.19
    for index in 0..<count {
      let difference = unsafe Int32(source[index]) &- Int32(maximum)
      if difference >= differenceMinimum {
        sum &+= roundingShiftRight(exponential(difference), 12)
      }
    }
    // sum = m · 2^(12 − headroom) with m in 1…2. The maximum adds 1.0 = 2¹⁹, so headroom ≤ 12.
    var headroom: Int32 = 0
    while sum > 0, headroom < 12 {
      sum = sum &<< 1
      headroom &+= 1
    }
    let mantissa = sum & .max
    let reciprocal = GemmlowpFixedPoint.reciprocalOfOnePlus(mantissa)
    let exponent = 35 &- headroom
    for index in 0..<count {
      let difference = unsafe Int32(source[index]) &- Int32(maximum)
      var value: Int32 = 0
      // Beyond 2³¹ everything rounds to zero.
      if difference >= differenceMinimum, exponent <= 31 {
        value = roundingShiftRight(highMultiply(reciprocal, exponential(difference)), exponent)
      }
      unsafe target[index] = clamp(value &- 128, -128, 127)
    }
  }

  /// exp(beta · scale · difference) in Q0.31, for a difference ≤ 0.
  @inline(__always)
  private func exponential(_ difference: Int32) -> Int32 {
    let scaled = highMultiply(
      difference &<< view.parameter(Word.shift), view.parameter(Word.multiplier))
    return GemmlowpFixedPoint.exponential(scaled)
  }
}
