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
      let end = unsafe UnsafePointer(
        (widened + count &* byteCount).assumingMemoryBound(to: UInt32.self))
      while unsafe sums < sumsEnd {
        var s0 = unsafe sums[0]
        var s1 = unsafe sums[1]
        var s2 = unsafe sums[2]
        var s3 = unsafe sums[3]
        var w = unsafe weights
        var at: UnsafePointer<UInt32>? = unsafe UnsafePointer(
          widened.assumingMemoryBound(to: UInt32.self))
        while unsafe at != end {
          if areHalves {
            let word = unsafe UnsafeRawPointer(w).loadUnaligned(as: UInt32.self)
            unsafe w += 4
            let even = octet_widen_even(word)
            let odd = octet_widen_odd(word)
            let x = unsafe octet_load_four(&at)
            s0 = octet_multiply_halves(x.a, even, s0)
            s1 = octet_multiply_halves(x.c, even, s1)
            s0 = octet_multiply_halves(x.b, odd, s0)
            s1 = octet_multiply_halves(x.d, odd, s1)
            let y = unsafe octet_load_four(&at)
            s2 = octet_multiply_halves(y.a, even, s2)
            s3 = octet_multiply_halves(y.c, even, s3)
            s2 = octet_multiply_halves(y.b, odd, s2)
            s3 = octet_multiply_halves(y.d, odd, s3)
          } else {
            let weight = unsafe Int32(w[0])
            unsafe w += 1
            let x = unsafe octet_load_four(&at)
            s0 &+= weight &* Int32(bitPattern: x.a)
            s1 &+= weight &* Int32(bitPattern: x.b)
            s2 &+= weight &* Int32(bitPattern: x.c)
            s3 &+= weight &* Int32(bitPattern: x.d)
          }
        }
        unsafe sums[0] = s0
        unsafe sums[1] = s1
        unsafe sums[2] = s2
        unsafe sums[3] = s3
        unsafe sums += 4
        unsafe weights += stride
      }
    }

    /// With halves: widens `count` values of four patches, and writes zeros up to a multiple of 4.
    /// There are bytes before the first.
    @inline(__always)
    static func widen(
      _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, _ c: UnsafePointer<Int8>,
      _ d: UnsafePointer<Int8>, count: Int, _ widened: UnsafeMutableRawPointer
    ) {
      let to = unsafe widened.assumingMemoryBound(to: UInt32.self)
      // The last word is the last four bytes; what is before the rest is shifted out.
      var index = 0
      while index < count {
        let back = max(index &+ 4 &- count, 0)
        let shift = UInt32(truncatingIfNeeded: 8 &* back)
        let at = index &- back
        let target = unsafe to + 2 &* index
        unsafe widenWord(a + at, shift, target)
        unsafe widenWord(b + at, shift, target + 2)
        unsafe widenWord(c + at, shift, target + 4)
        unsafe widenWord(d + at, shift, target + 6)
        index &+= 4
      }
    }

    @inline(__always)
    private static func widenWord(
      _ from: UnsafePointer<Int8>, _ shift: UInt32, _ to: UnsafeMutablePointer<UInt32>
    ) {
      let word = unsafe UnsafeRawPointer(from).loadUnaligned(as: UInt32.self) &>> shift
      unsafe to[0] = octet_widen_even(word)
      unsafe to[1] = octet_widen_odd(word)
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
