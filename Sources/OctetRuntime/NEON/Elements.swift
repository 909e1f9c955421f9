// Sums, differences and products with NEON: lanes are elements.
//
// 1. Inputs of one shape are one row. Otherwise the innermost axis is, and an input that is
//    repeated along it is one value for all lanes.
// 2. Sixteen bytes at a time, then what is left of a row by eight, four and one. The bytes of a
//    vector are read before its results are written, as an input may lie in the output's place.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  /// A multiplier for all lanes, as in `RowConstants`.
  struct VectorMultiplier {
    private let multiplier: SIMD4<Int32>
    private let left: SIMD4<Int32>
    private let right: SIMD4<Int32>

    init(_ by: FixedPointMultiplier) {
      multiplier = SIMD4(repeating: by.multiplier)
      left = SIMD4(repeating: max(by.shift, 0))
      right = SIMD4(repeating: min(by.shift, 0))
    }

    /// `requantize` of FixedPoint.swift.
    @inline(__always)
    func callAsFunction(_ x: SIMD4<Int32>, shiftsLeft: Bool = false) -> SIMD4<Int32> {
      let product = octet_high_multiply_words(shiftsLeft ? octet_shift(x, left) : x, multiplier)
      return octet_shift(product &+ ((product & right) &>> 31), right)
    }
  }

  extension Broadcast {
    /// Writes `body` of the codes of sixteen pairs of elements at a time, if the backend is NEON.
    @inline(__always)
    func runOnNEON(
      _ context: OperatorContext, _ body: (SIMD16<Int8>, SIMD16<Int8>) -> SIMD16<Int8>
    ) -> Bool {
      guard context.backend != .portable else { return false }
      let x = unsafe UnsafeRawPointer(context.input(0))
      let y = unsafe UnsafeRawPointer(context.input(1))
      var target = unsafe UnsafeMutableRawPointer(context.output(0))
      if a.hasSameShape(as: b) {
        unsafe runRow(Operands(x, 1), Operands(y, 1), target, output.elementCount, body)
        return true
      }
      let (xs, ys) = (Self.strides(of: a), Self.strides(of: b))
      for n in 0..<output.batch {
        for h in 0..<output.height {
          for w in 0..<output.width {
            let left = unsafe Operands(x + (n &* xs.n &+ h &* xs.h &+ w &* xs.w), xs.c)
            let right = unsafe Operands(y + (n &* ys.n &+ h &* ys.h &+ w &* ys.w), ys.c)
            unsafe runRow(left, right, target, output.channels, body)
            unsafe target += output.channels
          }
        }
      }
      return true
    }

    @inline(__always)
    private func runRow(
      _ a: Operands, _ b: Operands, _ target: UnsafeMutableRawPointer, _ count: Int,
      _ body: (SIMD16<Int8>, SIMD16<Int8>) -> SIMD16<Int8>
    ) {
      var index = 0
      while index < count {
        let left = count &- index
        let step = left >= 16 ? 16 : left >= 8 ? 8 : left >= 4 ? 4 : 1
        let result = body(a.load(index, step), b.load(index, step))
        unsafe storeLanes(result, target + index, step)
        index &+= step
      }
    }

    /// Writes the clamped results of `body`, which is given differences from the zero points.
    @inline(__always)
    fileprivate func runOnNEON(
      _ context: OperatorContext, _ lower: Int32, _ upper: Int32,
      _ body: (SIMD4<Int32>, SIMD4<Int32>) -> SIMD4<Int32>
    ) -> Bool {
      let (zeroA, zeroB) = (SIMD4(repeating: 0 &- a.zeroPoint), SIMD4(repeating: 0 &- b.zeroPoint))
      let range = ResultRange(output.zeroPoint, lower, upper)
      return runOnNEON(context) { a, b in
        let (lowA, highA) = (widenedLow(a), widenedHigh(a))
        let (lowB, highB) = (widenedLow(b), widenedHigh(b))
        return range(
          body(octet_add_low(zeroA, lowA), octet_add_low(zeroB, lowB)),
          body(octet_add_high(zeroA, lowA), octet_add_high(zeroB, lowB)),
          body(octet_add_low(zeroA, highA), octet_add_low(zeroB, highB)),
          body(octet_add_high(zeroA, highA), octet_add_high(zeroB, highB)))
      }
    }
  }

  /// A row of an input.
  @safe private struct Operands {
    // Safety: the operator was validated, so the row has the elements that are read.
    private let row: UnsafeRawPointer
    /// Whether all elements are the first.
    private let isRepeated: Bool

    @inline(__always)
    init(_ row: UnsafeRawPointer, _ stride: Int) {
      unsafe self.row = row
      isRepeated = stride == 0
    }

    /// The elements from `index` on, in the first `count` lanes: 16, 8, 4 or 1.
    @inline(__always)
    func load(_ index: Int, _ count: Int) -> SIMD16<Int8> {
      if isRepeated { return SIMD16(repeating: unsafe row.load(as: Int8.self)) }
      return unsafe loadLanes(row + index, count)
    }
  }

  /// The first eight lanes as int16, and the last.
  @inline(__always)
  private func widenedLow(_ lanes: SIMD16<Int8>) -> SIMD8<Int16> {
    octet_multiply_low(lanes, SIMD16(repeating: 1))
  }

  @inline(__always)
  private func widenedHigh(_ lanes: SIMD16<Int8>) -> SIMD8<Int16> {
    octet_multiply_high(lanes, SIMD16(repeating: 1))
  }

  /// The smaller, and the larger, of each two lanes.
  @inline(__always)
  func smaller(_ a: SIMD16<Int8>, _ b: SIMD16<Int8>) -> SIMD16<Int8> {
    a.replacing(with: b, where: b .< a)
  }

  @inline(__always)
  func larger(_ a: SIMD16<Int8>, _ b: SIMD16<Int8>) -> SIMD16<Int8> {
    a.replacing(with: b, where: b .> a)
  }

  /// The bytes at any address, in the first `count` lanes: 16, 8, 4 or 1.
  @inline(__always)
  func loadLanes(_ bytes: UnsafeRawPointer, _ count: Int) -> SIMD16<Int8> {
    switch count {
    case 16: return unsafe bytes.loadUnaligned(as: SIMD16<Int8>.self)
    case 8:
      let half = unsafe bytes.loadUnaligned(as: SIMD8<Int8>.self)
      return SIMD16(lowHalf: half, highHalf: half)
    case 4:
      let word = unsafe bytes.loadUnaligned(as: Int32.self)
      return unsafe unsafeBitCast(SIMD4(repeating: word), to: SIMD16<Int8>.self)
    default: return SIMD16(repeating: unsafe bytes.load(as: Int8.self))
    }
  }

  /// Stores the first `count` lanes: 16, 8, 4 or 1.
  @inline(__always)
  func storeLanes(_ lanes: SIMD16<Int8>, _ bytes: UnsafeMutableRawPointer, _ count: Int) {
    switch count {
    case 16: unsafe bytes.storeBytes(of: lanes, as: SIMD16<Int8>.self)
    case 8: unsafe bytes.storeBytes(of: lanes.lowHalf, as: SIMD8<Int8>.self)
    case 4:
      let words = unsafe unsafeBitCast(lanes, to: SIMD4<Int32>.self)
      unsafe bytes.storeBytes(of: words[0], as: Int32.self)
    default: unsafe bytes.storeBytes(of: lanes[0], as: Int8.self)
    }
  }

  extension ScaledSum {
    /// Adds, or subtracts; false, with nothing done, for multipliers that training never gives:
    /// that of the input of larger scale is 1/2.
    @inline(__always)
    func runOnNEON(
      _ context: OperatorContext, _ body: (SIMD4<Int32>, SIMD4<Int32>) -> SIMD4<Int32>
    ) -> Bool {
      let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
      let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
      let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
      let by = view.multiplier(Word.multiplier, shift: Word.shift)
      let leftShift = view.parameter(Word.leftShift)
      guard byA == half || byB == half, leftShift > 0, by.shift <= 0 else { return false }
      let result = VectorMultiplier(by)
      let other = VectorMultiplier(byA == half ? byB : byA)
      let left = SIMD4<Int32>(repeating: leftShift)
      let halved = SIMD4<Int32>(repeating: leftShift &- 1)
      let lower = view.parameter(Word.lower)
      let upper = view.parameter(Word.upper)
      return byA == half
        ? broadcast.runOnNEON(context, lower, upper) { a, b in
          result(body(octet_shift(a, halved), other(octet_shift(b, left))))
        }
        : broadcast.runOnNEON(context, lower, upper) { a, b in
          result(body(other(octet_shift(a, left)), octet_shift(b, halved)))
        }
    }
  }

  extension Multiply {
    /// False, with nothing done, where a product might leave 32 bits.
    func runOnNEON(_ context: OperatorContext) -> Bool {
      let by = view.multiplier(Word.multiplier, shift: Word.shift)
      // |product| < 2¹⁶
      guard by.shift <= 14 else { return false }
      let scale = VectorMultiplier(by)
      return broadcast.runOnNEON(
        context, view.parameter(Word.lower), view.parameter(Word.upper)
      ) { a, b in scale(a &* b, shiftsLeft: true) }
    }
  }
#endif
