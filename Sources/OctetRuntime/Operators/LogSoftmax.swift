/// The logarithm of softmax over the last axis, in fixed point: input `[…, C]`, output the same
/// shape, (1/16, 127).
///
/// As TensorFlow Lite for Microcontrollers: differences to the row's maximum are scaled to Q5.26,
/// their exponentials summed in Q12.19, and the sum's logarithm is taken from each difference.
package struct LogSoftmax: Operator {
  package static let parameterCount = 5
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word {
    /// `input scale · 2²⁶`, at most 2³¹ − 1, as a multiplier and a left shift.
    package static let multiplier = 0
    package static let shift = 1
    /// The inverse of that scaling, as a multiplier and a shift to the right (at most 0).
    package static let inverseMultiplier = 2
    package static let inverseShift = 3
    /// −255…0: differences below it count as an exponential of 0.
    package static let differenceMinimum = 4
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
    try view.require(parameter: Word.inverseMultiplier, in: 0...Int32.max)
    try view.require(parameter: Word.inverseShift, in: -31...0)
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
    var sum: Int32 = 0  // Q12.19, at least the 1.0 of the maximum
    for index in 0..<count {
      let difference = unsafe Int32(source[index]) &- Int32(maximum)
      if difference >= differenceMinimum {
        sum &+= roundingShiftRight(GemmlowpFixedPoint.exponential(scaled(difference)), 12)
      }
    }
    let logarithm = GemmlowpFixedPoint.logarithm(sum)
    // Below it the result would leave Q5.26.
    let least = max(
      differenceMinimum &- 1,
      requantize(
        logarithm &+ .min,
        FixedPointMultiplier(
          multiplier: view.parameter(Word.inverseMultiplier),
          shift: view.parameter(Word.inverseShift))))
    for index in 0..<count {
      let difference = unsafe Int32(source[index]) &- Int32(maximum)
      var value: Int32 = -255
      // From Q5.26 to sixteenths.
      if difference > least { value = roundingShiftRight(scaled(difference) &- logarithm, 22) }
      unsafe target[index] = clamp(value &+ 127, -128, 127)
    }
  }

  /// scale · difference in Q5.26.
  @inline(__always)
  private func scaled(_ difference: Int32) -> Int32 {
    highMultiply(difference &<< view.parameter(Word.shift), view.parameter(Word.multiplier))
  }
}
