/// What softmax and its logarithm have in common: rows of scores, of which the differences to each
/// row's maximum are scaled to Q5.26 and their exponentials summed in Q12.19.
package struct SoftmaxRows {
  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// `beta · input scale · 2²⁶`, at most 2³¹ − 1, as a multiplier and a left shift.
    case multiplier
    case shift
    /// −255…0: differences below it count as an exponential of 0.
    case differenceMinimum
    /// The scaling of the result in 2⁻²⁰ (softmax) or 2⁻²⁶ (its logarithm) to the output's scale,
    /// as a multiplier and a shift; 0 for TensorFlow Lite's results in 1/256 and 1/16.
    case outputMultiplier
    case outputShift
    /// The inverse of the scaling to Q5.26, as a multiplier and a shift to the right (at most 0);
    /// the logarithm's alone.
    case inverseMultiplier
    case inverseShift
  }

  let view: OperatorRecord
  let input: TensorRecord
  let differenceMinimum: Int32
  /// The scaling to any output scale; nil for TensorFlow Lite's, 1/256 or, of logarithms, 1/16.
  let outputBy: FixedPointMultiplier?
  let outputZeroPoint: Int32
  /// The words of the inverse scaling.
  let inverse: (multiplier: Word, shift: Word)
  private let multiplier: Int32
  private let shift: Int32
  private let hasOutputWords: Bool

  /// - Parameter parameterCount: of the kind; where the record has fewer, it is of the version
  ///   before, which had no words of the output.
  init(_ view: OperatorRecord, parameterCount: Int) {
    self.view = view
    input = view.operand(0)
    differenceMinimum = view.parameter(Word.differenceMinimum)
    multiplier = view.parameter(Word.multiplier)
    shift = view.parameter(Word.shift)
    hasOutputWords = view.parameterCount == parameterCount
    inverse =
      hasOutputWords
      ? (.inverseMultiplier, .inverseShift) : (.outputMultiplier, .outputShift)
    let by =
      hasOutputWords
      ? view.multiplier(Word.outputMultiplier, shift: Word.outputShift)
      : .init(multiplier: 0, shift: 0)
    outputBy = by.multiplier == 0 ? nil : by
    outputZeroPoint = view.result(0).zeroPoint
  }

  func validate() throws(ModelError) {
    try view.require(input.hasSameShape(as: view.result(0)))
    // The sum of the exponentials, each at most 1, has 12 integer bits.
    try view.require(input.channels < 1 << 12, .tooLarge)
    try view.require(parameter: Word.multiplier, in: 1 << 30...Int32.max)
    try view.require(parameter: Word.shift, in: 0...30)
    // Differences in Q5.26 are at least −31, so that exponentials are of what int32 holds.
    let least = max(-255, -((31 << 26) &>> view.parameter(Word.shift)))
    try view.require(parameter: Word.differenceMinimum, in: least...0)
    guard hasOutputWords else { return }
    // Results are below 2²⁰, or their logarithms at most 0: neither may be shifted to the left.
    try view.require(parameter: Word.outputMultiplier, in: 0...Int32.max)
    try view.require(parameter: Word.outputShift, in: -31...0)
  }

  /// An exponential or two of each score.
  var demand: Demand { Demand(partCount: input.elementCount, stepCount: 128) }

  /// Calls `body` with each row's scores and where its results go, which may be the same place.
  @inline(__always)
  func forEach(
    _ context: OperatorContext,
    _ body: (Row, UnsafePointer<Int8>, UnsafeMutablePointer<Int8>) -> Void
  ) {
    var kept = [16 of Int32](repeating: 0)
    unsafe withUnsafeMutablePointer(to: &kept) { kept in
      let start = unsafe UnsafeMutableRawPointer(kept).assumingMemoryBound(to: Int32.self)
      let exponentials = unsafe UnsafeMutableBufferPointer(start: start, count: 16)
      for row in 0..<input.elementCount / input.channels {
        let start = row &* input.channels
        let source = unsafe context.input(0) + start
        unsafe body(self.row(source, exponentials), source, context.output(0) + start)
      }
    }
  }

  @safe struct Row {
    // Safety: it does not outlive `forEach`.
    /// Those of the first scores, which so are computed once; 0 where they count as none.
    fileprivate let exponentials: UnsafeMutableBufferPointer<Int32>
    var maximum: Int32 = -128
    /// The sum of the exponentials, Q12.19: at least the 1.0 = 2¹⁹ of the maximum.
    var sum: Int32 = 0
  }

  @inline(__always)
  private func row(
    _ source: UnsafePointer<Int8>, _ exponentials: UnsafeMutableBufferPointer<Int32>
  ) -> Row {
    var row = unsafe Row(exponentials: exponentials)
    let count = input.channels
    for index in 0..<count { row.maximum = unsafe max(row.maximum, Int32(source[index])) }
    for index in 0..<count {
      let value = unsafe exponential(ofScore: source[index], row)
      if index < exponentials.count { unsafe exponentials[index] = value }
      if value != 0 { row.sum &+= roundingShiftRight(value, 12) }
    }
    return row
  }

  /// exp(beta · scale · difference) in Q0.31 of score `index` of `row`, those of `source`; 0 where
  /// it counts as none.
  @inline(__always)
  func exponential(_ index: Int, _ source: UnsafePointer<Int8>, _ row: Row) -> Int32 {
    unsafe index < row.exponentials.count
      ? row.exponentials[index] : exponential(ofScore: source[index], row)
  }

  @inline(__always)
  private func exponential(ofScore score: Int8, _ row: Row) -> Int32 {
    let difference = Int32(score) &- row.maximum
    return difference >= differenceMinimum ? exponential(difference) : 0
  }

  /// exp(beta · scale · difference) in Q0.31, for a difference ≤ 0.
  @inline(never)
  private func exponential(_ difference: Int32) -> Int32 {
    GemmlowpFixedPoint.exponential(scaled(difference))
  }

  /// beta · scale · difference in Q5.26.
  @inline(__always)
  func scaled(_ difference: Int32) -> Int32 {
    highMultiply(difference &<< shift, multiplier)
  }
}
