// Addition and subtraction on ARM cores with SMLAD.
//
// 1. Of the input of larger scale the multiplier is 1/2: it is shifted.
// 2. x · m / 2³¹ where m is at least 2³⁰ is x + x · (2m − 2³²) / 2³²: one instruction.
// 3. As in `Channels.quantized`, a / 2ⁿ⁺¹ to nearest with ties away from zero is
//    ((a − [a < 0]) / 2ⁿ + 1) / 2, both divisions rounding down. A second multiplier of 1/2 becomes
//    one of 1 that is halved, which is exact.

#if arch(arm)
  internal import COctetKernels

  /// A multiplier of at least 1/2 and a shift to the right of 1 and more.
  struct HalvesMultiplier {
    private let factor: Int32
    private let shift: Int32

    init?(_ by: FixedPointMultiplier) {
      guard by.shift < 0, by.multiplier >= 1 << 30 else { return nil }
      factor = by.multiplier &<< 1
      shift = ~by.shift
    }

    /// `requantize` of FixedPoint.swift.
    @inline(__always)
    func callAsFunction(_ value: Int32) -> Int32 {
      let product = octet_multiply_high(value, factor, value)
      return (((product &+ (product &>> 31)) &>> shift) &+ 1) &>> 1
    }
  }

  extension ScaledSum {
    /// False, with nothing done, for scales of other shapes.
    @inline(__always)
    func runOnHalves(_ context: OperatorContext, _ body: (Int32, Int32) -> Int32) -> Bool {
      let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
      var leftShift = view.parameter(Word.leftShift)
      let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
      let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
      let isShiftedA = byA == half
      guard Taps.areHalves, isShiftedA || byB == half, leftShift >= 1, leftShift <= 20,
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
  }
#endif
