/// a + b and activation, broadcast as in NumPy.
///
/// As TensorFlow Lite: both inputs, shifted left for precision, are brought to twice the larger
/// scale, added, and requantized.
package struct Add: Operator {
  package static let parameterCount = 9
  static let inputCounts = 2...2
  static let outputCounts = 1...1

  /// The parameter words, in order; a subtraction has the same.
  package enum Word: Int, ParameterWord {
    /// 20 for int8, 15 for int16.
    case leftShift
    /// `input scale / (2 · larger input scale)` of a and b, at most 1/2.
    case multiplierA
    case shiftA
    case multiplierB
    case shiftB
    /// `2 · larger input scale / (2^leftShift · output scale)`
    case multiplier
    case shift
    case lower
    case upper
  }

  let sum: ScaledSum
  var view: OperatorRecord { sum.broadcast.view }

  init(_ view: OperatorRecord) { sum = ScaledSum(view) }

  func validate() throws(ModelError) { try sum.validate() }

  func overlapDistance(input index: Int) -> Int? { sum.broadcast.overlapDistance(input: index) }

  func run(_ context: OperatorContext) { sum.run(context, { $0 &+ $1 }, { $0 &+ $1 }) }
}

/// What addition and subtraction share.
struct ScaledSum {
  typealias Word = Add.Word

  let broadcast: Broadcast
  var view: OperatorRecord { broadcast.view }

  init(_ view: OperatorRecord) { broadcast = Broadcast(view) }

  func validate() throws(ModelError) {
    try broadcast.validate()
    // |x − zero point| ≤ 255 < 2⁸, or of int16 ≤ 2¹⁵, so the shifted value fits, and so does the
    // sum of two that are at most half as large.
    try view.require(parameter: Word.leftShift, in: 0...(broadcast.output.isInt16 ? 15 : 22))
    try view.requireMultiplier(parameter: Word.multiplierA, shift: Word.shiftA, mostShift: 0)
    try view.requireMultiplier(parameter: Word.multiplierB, shift: Word.shiftB, mostShift: 0)
    try view.requireMultiplier(parameter: Word.multiplier, shift: Word.shift)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
  }

  /// `body` adds or subtracts, and `lanes` does that four times.
  @inline(__always)
  func run(
    _ context: OperatorContext, _ body: (Int32, Int32) -> Int32,
    _ lanes: (SIMD4<Int32>, SIMD4<Int32>) -> SIMD4<Int32>
  ) {
    if broadcast.output.isInt16 { return runOnInt16(context, body) }
    #if canImport(COctetKernels.NEON)
      if runOnNEON(context, lanes) { return }
    #endif
    #if arch(arm)
      if WidenedTaps.areHalves ? runOnHalves(context, body) : runOnWords(context, body) {
        return
      }
    #endif
    let leftShift = view.parameter(Word.leftShift)
    let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
    let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
    let by = view.multiplier(Word.multiplier, shift: Word.shift)
    let lower = view.parameter(Word.lower)
    let upper = view.parameter(Word.upper)
    let zeroA = broadcast.a.zeroPoint
    let zeroB = broadcast.b.zeroPoint
    let zero = broadcast.output.zeroPoint
    broadcast.run(context) { a, b in
      let scaledA = requantize((a &- zeroA) &<< leftShift, byA)
      let scaledB = requantize((b &- zeroB) &<< leftShift, byB)
      return clamp(requantize(body(scaledA, scaledB), by) &+ zero, lower, upper)
    }
  }

  /// Zero points of int16 are 0.
  @inline(__always)
  private func runOnInt16(_ context: OperatorContext, _ body: (Int32, Int32) -> Int32) {
    let leftShift = view.parameter(Word.leftShift)
    let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
    let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
    let by = view.multiplier(Word.multiplier, shift: Word.shift)
    let lower = view.parameter(Word.lower)
    let upper = view.parameter(Word.upper)
    broadcast.run(context) { a, b in
      let sum = body(requantize(a &<< leftShift, byA), requantize(b &<< leftShift, byB))
      return clamp16(requantize(sum, by), lower, upper)
    }
  }
}
