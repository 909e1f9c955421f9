/// a · b and activation, broadcast as in NumPy.
package struct Multiply: Operator {
  package static let parameterCount = 4
  static let inputCounts = 2...2
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package enum Word: Int, ParameterWord {
    /// `scale of a · scale of b / output scale`
    case multiplier
    case shift
    case lower
    case upper
  }

  let view: OperatorRecord
  let broadcast: Broadcast

  init(_ view: OperatorRecord) {
    self.view = view
    broadcast = Broadcast(view)
  }

  func validate() throws(ModelError) {
    try broadcast.validate()
    try view.requireMultiplier(parameter: Word.multiplier, shift: Word.shift)
    try view.requireClamp(lower: Word.lower, upper: Word.upper)
  }

  func overlapDistance(input index: Int) -> Int? { broadcast.overlapDistance(input: index) }

  func run(_ context: OperatorContext) {
    let by = view.multiplier(Word.multiplier, shift: Word.shift)
    let lower = view.parameter(Word.lower)
    let upper = view.parameter(Word.upper)
    if broadcast.output.isInt16 {
      // |product| ≤ 2³⁰
      return broadcast.run(context) { a, b in clamp16(requantize(a &* b, by), lower, upper) }
    }
    let zeroA = broadcast.a.zeroPoint
    let zeroB = broadcast.b.zeroPoint
    let zero = broadcast.output.zeroPoint
    #if canImport(COctetKernels.NEON)
      if runOnNEON(context) { return }
    #endif
    #if arch(arm)
      if runOnHalves(context) || runOnWords(context) { return }
    #endif
    broadcast.run(context) { a, b in
      // |product| ≤ 255² < 2¹⁶
      clamp(requantize((a &- zeroA) &* (b &- zeroB), by) &+ zero, lower, upper)
    }
  }
}

#if arch(arm)
  extension Multiply {
    /// Products with SMLAD; false, with nothing done, for scales of other shapes.
    @inline(__always)
    private func runOnHalves(_ context: OperatorContext) -> Bool {
      guard let by = HalvesMultiplier(view.multiplier(Word.multiplier, shift: Word.shift))
      else { return false }
      run(context) { by($0) }
      return true
    }

    /// The same without SMLAD.
    @inline(__always)
    private func runOnWords(_ context: OperatorContext) -> Bool {
      guard !WidenedTaps.areHalves,
        let by = WordMultiplier(view.multiplier(Word.multiplier, shift: Word.shift))
      else { return false }
      run(context) { by($0) }
      return true
    }

    @inline(__always)
    private func run(_ context: OperatorContext, _ requantized: (Int32) -> Int32) {
      let (zeroA, zeroB) = (broadcast.a.zeroPoint, broadcast.b.zeroPoint)
      let zero = broadcast.output.zeroPoint
      let (lower, upper) = (view.parameter(Word.lower), view.parameter(Word.upper))
      broadcast.run(context) { a, b in
        clamp(requantized((a &- zeroA) &* (b &- zeroB)) &+ zero, lower, upper)
      }
    }
  }
#endif
