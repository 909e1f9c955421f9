/// (a − b)², broadcast as in NumPy.
///
/// As TensorFlow Lite: both inputs, shifted left by 7 bits for precision, are brought to twice the
/// larger scale; the square of their difference is requantized.
package struct SquaredDifference: Operator {
  package static let parameterCount = 6
  static let inputCounts = 2...2
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// `input scale / (2 · larger input scale)` of a and b, at most 1/2.
    case multiplierA
    case shiftA
    case multiplierB
    case shiftB
    /// `(2 · larger input scale)² / (2¹⁴ · output scale)`
    case multiplier
    case shift
  }

  /// Bits by which the inputs are shifted: the square of 255 · 2⁷ fits int32.
  package static let leftShift: Int32 = 7

  let view: OperatorRecord
  let broadcast: Broadcast

  init(_ view: OperatorRecord) {
    self.view = view
    broadcast = Broadcast(view)
  }

  func validate() throws(ModelError) {
    try broadcast.validate()
    try requireHalving(multiplier: Word.multiplierA, shift: Word.shiftA)
    try requireHalving(multiplier: Word.multiplierB, shift: Word.shiftB)
    try view.requireMultiplier(parameter: Word.multiplier, shift: Word.shift)
  }

  /// Throws unless the factor is at most 1/2, so that differences are at most 255 · 2⁷.
  private func requireHalving(multiplier: Word, shift: Word) throws(ModelError) {
    try view.requireMultiplier(parameter: multiplier, shift: shift)
    try view.require(parameter: shift, in: -31...0)
    let most = Int32(255) &<< Self.leftShift
    try view.require(
      requantize(most, view.multiplier(multiplier, shift: shift)) <= most &>> 1,
      .operatorParameters)
  }

  func overlapDistance(input index: Int) -> Int? { broadcast.overlapDistance(input: index) }

  func run(_ context: OperatorContext) {
    let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
    let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
    let by = view.multiplier(Word.multiplier, shift: Word.shift)
    let zeroA = broadcast.a.zeroPoint
    let zeroB = broadcast.b.zeroPoint
    let zero = broadcast.output.zeroPoint
    broadcast.run(context) { a, b in
      let scaledA = requantize((a &- zeroA) &<< Self.leftShift, byA)
      let scaledB = requantize((b &- zeroB) &<< Self.leftShift, byB)
      let difference = scaledA &- scaledB
      return clamp(requantize(difference &* difference, by) &+ zero, -128, 127)
    }
  }
}
