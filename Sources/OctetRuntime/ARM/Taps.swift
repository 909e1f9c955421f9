#if arch(arm)
  internal import COctetKernels

  /// Taps of four patches, widened for multiplication: two int16 a word with SMLAD, otherwise one
  /// int32.
  enum Taps {
    /// Whether two are multiplied at once.
    static var areHalves: Bool {
      @inline(__always) get { OCTET_HAS_SMLAD != 0 }
    }
    /// Bytes of one tap of four patches.
    static var byteCount: Int {
      @inline(__always) get { areHalves ? 8 : 16 }
    }

    /// Adds to the sums of all channels, `sums` to `sumsEnd`; `count` taps, a multiple of 4. The
    /// weights of one channel start `stride` after those of the one before.
    @inline(__always)
    static func multiply(
      _ weights: UnsafePointer<Int8>, stride: Int, _ widened: UnsafeMutableRawPointer, count: Int,
      _ sums: UnsafeMutablePointer<Int32>, _ sumsEnd: UnsafeMutablePointer<Int32>
    ) {
      var weights = unsafe weights
      var sums = unsafe sums
      let start = unsafe UnsafePointer(widened.assumingMemoryBound(to: UInt32.self))
      let end = unsafe start + count &* (byteCount &>> 2)
      repeat {
        var sum = unsafe Four(sums)
        var w = unsafe weights
        var at = unsafe start
        // Fours by twos; an odd one first.
        if count & 4 != 0 { unsafe addFour(&sum, &w, &at) }
        while unsafe at < end {
          unsafe addFour(&sum, &w, &at)
          unsafe addFour(&sum, &w, &at)
        }
        unsafe sum.store(sums)
        unsafe sums += 4
        unsafe weights += stride
      } while unsafe sums < sumsEnd
    }

    /// The sums of four patches.
    struct Four {
      var a, b, c, d: Int32

      @inline(__always)
      init(_ from: UnsafePointer<Int32>) {
        unsafe (a, b, c, d) = (from[0], from[1], from[2], from[3])
      }

      @inline(__always)
      func store(_ to: UnsafeMutablePointer<Int32>) {
        unsafe to[0] = a
        unsafe to[1] = b
        unsafe to[2] = c
        unsafe to[3] = d
      }
    }

    /// Adds four taps.
    @inline(__always)
    private static func addFour(
      _ sum: inout Four, _ w: inout UnsafePointer<Int8>, _ at: inout UnsafePointer<UInt32>
    ) {
      if areHalves {
        let word = unsafe UnsafeRawPointer(w).loadUnaligned(as: UInt32.self)
        unsafe w += 4
        let even = octet_widen_even(word)
        let odd = octet_widen_odd(word)
        let x = unsafe octet_load_four(&at)
        sum.a = octet_multiply_halves(x.b, odd, octet_multiply_halves(x.a, even, sum.a))
        sum.b = octet_multiply_halves(x.d, odd, octet_multiply_halves(x.c, even, sum.b))
        let y = unsafe octet_load_four(&at)
        sum.c = octet_multiply_halves(y.b, odd, octet_multiply_halves(y.a, even, sum.c))
        sum.d = octet_multiply_halves(y.d, odd, octet_multiply_halves(y.c, even, sum.d))
      } else {
        for _ in 0..<4 {
          let weight = unsafe Int32(w[0])
          unsafe w += 1
          let x = unsafe octet_load_four(&at)
          sum.a &+= weight &* Int32(bitPattern: x.a)
          sum.b &+= weight &* Int32(bitPattern: x.b)
          sum.c &+= weight &* Int32(bitPattern: x.c)
          sum.d &+= weight &* Int32(bitPattern: x.d)
        }
      }
    }

    /// With halves: widens `count` values of four patches, and writes zeros up to a multiple of 4.
    /// There are bytes before the first.
    @inline(__always)
    static func widen(
      _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, _ c: UnsafePointer<Int8>,
      _ d: UnsafePointer<Int8>, count: Int, _ widened: UnsafeMutableRawPointer
    ) {
      var to = unsafe widened.assumingMemoryBound(to: UInt32.self)
      var (a, b, c, d) = unsafe (a, b, c, d)
      let end = unsafe to + 2 &* (count & ~3)
      while unsafe to < end {
        unsafe widenWord(&a, &to)
        unsafe widenWord(&b, &to)
        unsafe widenWord(&c, &to)
        unsafe widenWord(&d, &to)
      }
      guard count & 3 != 0 else { return }
      // The last four bytes; what is before the rest is shifted out.
      unsafe widenRest(a, count, &to)
      unsafe widenRest(b, count, &to)
      unsafe widenRest(c, count, &to)
      unsafe widenRest(d, count, &to)
    }

    @inline(__always)
    private static func widenWord(
      _ from: inout UnsafePointer<Int8>, _ to: inout UnsafeMutablePointer<UInt32>
    ) {
      let word = unsafe UnsafeRawPointer(from).loadUnaligned(as: UInt32.self)
      unsafe to[0] = octet_widen_even(word)
      unsafe to[1] = octet_widen_odd(word)
      unsafe from += 4
      unsafe to += 2
    }

    @inline(__always)
    private static func widenRest(
      _ from: UnsafePointer<Int8>, _ count: Int, _ to: inout UnsafeMutablePointer<UInt32>
    ) {
      let back = 4 &- (count & 3)
      let last = unsafe UnsafeRawPointer(from - back).loadUnaligned(as: UInt32.self)
      let word = last &>> UInt32(truncatingIfNeeded: 8 &* back)
      unsafe to[0] = octet_widen_even(word)
      unsafe to[1] = octet_widen_odd(word)
      unsafe to += 2
    }
  }

  extension Channels {
    /// `requantize` of FixedPoint.swift, the output's zero point and its range.
    ///
    /// With n ≥ 1, a / 2ⁿ to nearest with ties away from zero is ((a − [a < 0]) / 2ⁿ⁻¹ + 1) / 2,
    /// both divisions rounding down; |a| < 2³¹ − 1, so nothing wraps.
    @inline(__always)
    func quantized(_ sum: Int32, _ index: Int) -> Int8 {
      let shift = unsafe Int32(shifts[index])
      let value = unsafe highMultiply(shift > 0 ? sum &<< shift : sum, multipliers[index])
      let rounded = shift < 0 ? (((value &+ (value &>> 31)) &>> (-1 &- shift)) &+ 1) &>> 1 : value
      return clamp(rounded &+ zeroPoint, lower, upper)
    }
  }
#endif
