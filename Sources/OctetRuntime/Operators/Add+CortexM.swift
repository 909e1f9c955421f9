// Addition and subtraction on ARM cores: with SMLAD, and without.
//
// 1. Of the input of larger scale the multiplier is 1/2: it is shifted.
// 2. x · m / 2³¹ where m is at least 2³⁰ is x + x · (2m − 2³²) / 2³²: one instruction.
// 3. As in `Channels.quantized`, a / 2ⁿ⁺¹ to nearest with ties away from zero is
//    ((a − [a < 0]) / 2ⁿ + 1) / 2, both divisions rounding down. A second multiplier of 1/2 becomes
//    one of 1 that is halved, which is exact.
// 4. Without SMLAD, differences of codes and their sum have the multipliers of FixedPoint.swift.

#if arch(arm)
  internal import COctetKernels

  extension ScaledSum {
    /// False, with nothing done, for scales of other shapes.
    @inline(__always)
    func runOnHalves(_ context: OperatorContext, _ body: (Int32, Int32) -> Int32) -> Bool {
      let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
      var leftShift = view.parameter(Word.leftShift)
      let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
      let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
      let isShiftedA = byA == half
      guard isShiftedA || byB == half, leftShift >= 1, leftShift <= 20,
        let by = HalvesMultiplier(view.multiplier(Word.multiplier, shift: Word.shift))
      else { return false }
      let halfShift = leftShift &- 1
      var other = isShiftedA ? byB : byA
      if other == half {
        other.shift = -1
        leftShift &+= 1
      }
      guard let scale = HalvesMultiplier(other) else { return false }
      let lower = view.parameter(Word.lower)
      let upper = view.parameter(Word.upper)
      let zeroA = broadcast.a.zeroPoint
      let zeroB = broadcast.b.zeroPoint
      let zero = broadcast.output.zeroPoint
      let otherShift = leftShift
      if isShiftedA {
        broadcast.run(context) { a, b in
          let sum = body((a &- zeroA) &<< halfShift, scale((b &- zeroB) &<< otherShift))
          return clamp(by(sum) &+ zero, lower, upper)
        }
      } else {
        broadcast.run(context) { a, b in
          let sum = body(scale((a &- zeroA) &<< otherShift), (b &- zeroB) &<< halfShift)
          return clamp(by(sum) &+ zero, lower, upper)
        }
      }
      return true
    }

    /// The same without SMLAD.
    @inline(__always)
    func runOnWords(_ context: OperatorContext, _ body: (Int32, Int32) -> Int32) -> Bool {
      let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
      let leftShift = view.parameter(Word.leftShift)
      let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
      let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
      let isShiftedA = byA == half
      guard isShiftedA || byB == half,
        let scale = DifferenceMultiplier(isShiftedA ? byB : byA, leftShift: leftShift),
        let by = WordMultiplier(view.multiplier(Word.multiplier, shift: Word.shift))
      else { return false }
      let lower = view.parameter(Word.lower)
      let upper = view.parameter(Word.upper)
      let zeroA = broadcast.a.zeroPoint
      let zeroB = broadcast.b.zeroPoint
      let zero = broadcast.output.zeroPoint
      if isShiftedA {
        broadcast.run(context) { a, b in
          let sum = body((a &- zeroA) &<< (leftShift &- 1), scale(b &- zeroB))
          return clamp(by(sum) &+ zero, lower, upper)
        }
      } else {
        broadcast.run(context) { a, b in
          let sum = body(scale(a &- zeroA), (b &- zeroB) &<< (leftShift &- 1))
          return clamp(by(sum) &+ zero, lower, upper)
        }
      }
      return true
    }
  }
#endif
