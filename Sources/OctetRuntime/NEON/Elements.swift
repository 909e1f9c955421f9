// Sums, differences and products of two tensors of one shape with NEON: lanes are elements.

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
    /// Writes the clamped results of `body` for fours of elements; how many elements that is. None
    /// for shapes that differ.
    @inline(__always)
    fileprivate func runOnNEON(
      _ context: OperatorContext, _ lower: Int32, _ upper: Int32,
      _ body: (SIMD4<Int32>, SIMD4<Int32>) -> SIMD4<Int32>
    ) -> Int {
      guard context.backend != .portable, a.hasSameShape(as: b) else { return 0 }
      let x = unsafe UnsafeRawPointer(context.input(0))
      let y = unsafe UnsafeRawPointer(context.input(1))
      let target = unsafe UnsafeMutableRawPointer(context.output(0))
      let (zeroA, zeroB) = (SIMD4(repeating: a.zeroPoint), SIMD4(repeating: b.zeroPoint))
      let zero = SIMD4(repeating: output.zeroPoint)
      let (lower, upper) = (SIMD4(repeating: lower), SIMD4(repeating: upper))
      let count = output.elementCount & ~3
      var index = 0
      while index < count {
        let a = octet_widen(unsafe x.loadUnaligned(fromByteOffset: index, as: Int32.self)) &- zeroA
        let b = octet_widen(unsafe y.loadUnaligned(fromByteOffset: index, as: Int32.self)) &- zeroB
        let value = octet_minimum(octet_maximum(body(a, b) &+ zero, lower), upper)
        let words = unsafe unsafeBitCast(octet_narrow(value), to: SIMD4<Int32>.self)
        unsafe target.storeBytes(of: words[0], toByteOffset: index, as: Int32.self)
        index &+= 4
      }
      return count
    }
  }

  extension ScaledSum {
    /// Adds, or subtracts, fours of elements; how many elements that is. The multiplier of the
    /// input of larger scale is 1/2.
    @inline(__always)
    func runOnNEON(
      _ context: OperatorContext, _ body: (SIMD4<Int32>, SIMD4<Int32>) -> SIMD4<Int32>
    ) -> Int {
      let half = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
      let byA = view.multiplier(Word.multiplierA, shift: Word.shiftA)
      let byB = view.multiplier(Word.multiplierB, shift: Word.shiftB)
      let by = view.multiplier(Word.multiplier, shift: Word.shift)
      let leftShift = view.parameter(Word.leftShift)
      guard byA == half || byB == half, leftShift > 0, by.shift <= 0 else { return 0 }
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
    /// Multiplies fours of elements; how many elements that is.
    func runOnNEON(_ context: OperatorContext) -> Int {
      let by = VectorMultiplier(view.multiplier(Word.multiplier, shift: Word.shift))
      return broadcast.runOnNEON(
        context, view.parameter(Word.lower), view.parameter(Word.upper)
      ) { a, b in by(a &* b, shiftsLeft: true) }
    }
  }
#endif
