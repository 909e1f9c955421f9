#if arch(arm)
  internal import COctetKernels

  /// Widened taps of patches.
  enum WidenedTaps {
    /// Whether two are multiplied at once, by SMLAD; otherwise each is a word.
    static var areHalves: Bool {
      @inline(__always) get { OCTET_HAS_SMLAD != 0 }
    }
    /// Whether words are loaded from any address.
    static var loadsWords: Bool {
      @inline(__always) get { OCTET_WORD_BYTE_COUNT >= 4 }
    }
    /// Bytes of one tap of four patches.
    static var byteCount: Int {
      @inline(__always) get { areHalves ? 8 : 16 }
    }

    /// Adds to the sums of all channels, `sums` to `sumsEnd`; `count` taps, a multiple of 4. The
    /// weights of one channel start `stride` after those of the one before.
    @inline(never)
    static func multiply(
      _ weights: UnsafePointer<Int8>, stride: Int, _ widened: UnsafeMutableRawPointer, count: Int,
      _ sums: UnsafeMutablePointer<Int32>, _ sumsEnd: UnsafeMutablePointer<Int32>,
      isFirst: Bool
    ) {
      if !areHalves {
        return unsafe multiplyWords(
          weights, stride: stride, widened, count: count, sums, sumsEnd, isFirst: isFirst)
      }
      var weights = unsafe weights
      var sums = unsafe sums
      let start = unsafe UnsafePointer(widened.assumingMemoryBound(to: Int32.self))
      let end = unsafe start + count &* (byteCount &>> 2)
      repeat {
        var sum = octet_sums()
        if !isFirst { sum = unsafe octet_sums(a: sums[0], b: sums[1], c: sums[2], d: sums[3]) }
        unsafe octet_add_taps(&sum, weights, start, end)
        unsafe sums[0] = sum.a
        unsafe sums[1] = sum.b
        unsafe sums[2] = sum.c
        unsafe sums[3] = sum.d
        unsafe sums += 4
        unsafe weights += stride
      } while unsafe sums < sumsEnd
    }

    @inline(__always)
    private static func multiplyWords(
      _ weights: UnsafePointer<Int8>, stride: Int, _ widened: UnsafeMutableRawPointer, count: Int,
      _ sums: UnsafeMutablePointer<Int32>, _ sumsEnd: UnsafeMutablePointer<Int32>,
      isFirst: Bool
    ) {
      if isFirst {
        var sum = unsafe sums
        while unsafe sum < sumsEnd { unsafe octet_store_four(&sum, 0, 0, 0, 0) }
      }
      let start = unsafe widened.assumingMemoryBound(to: Int32.self)
      var rows = unsafe octet_rows_of_weights(
        start: start, skip: Int32(truncatingIfNeeded: stride &- count), sums: sums,
        sums_end: sumsEnd)
      unsafe octet_add_rows_of_taps(&rows, weights, start + 4 &* count)
    }

    /// Widens `count` values of four patches to words, for processors without SMLAD.
    @inline(__always)
    static func widen(
      _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, _ c: UnsafePointer<Int8>,
      _ d: UnsafePointer<Int8>, count: Int, _ to: inout UnsafeMutablePointer<Int32>
    ) {
      var (a, b, c, d) = unsafe (a, b, c, d)
      let end = unsafe to + 4 &* count
      if OCTET_MULTIPLIES_LONG == 0 { return unsafe octet_widen_four(&to, end, a, b, c, d) }
      repeat {
        unsafe octet_store_four(&to, Int32(a[0]), Int32(b[0]), Int32(c[0]), Int32(d[0]))
        unsafe a += 1
        unsafe b += 1
        unsafe c += 1
        unsafe d += 1
      } while unsafe to < end
    }

    /// Widens `count` values of four patches to halves, for SMLAD, and writes zeros up to a
    /// multiple of 4. There are bytes before the first.
    @inline(__always)
    static func widen(
      _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, _ c: UnsafePointer<Int8>,
      _ d: UnsafePointer<Int8>, count: Int, _ widened: UnsafeMutableRawPointer
    ) {
      var to = unsafe widened.assumingMemoryBound(to: Int32.self)
      var (a, b, c, d) = unsafe (a, b, c, d)
      let end = unsafe to + 2 &* (count & ~3)
      while unsafe to < end {
        unsafe widen(a, b, shift: 0, &to)
        unsafe widen(c, d, shift: 0, &to)
        unsafe a += 4
        unsafe b += 4
        unsafe c += 4
        unsafe d += 4
      }
      guard count & 3 != 0 else { return }
      // The last four bytes; what is before the rest is shifted out.
      let back = 4 &- (count & 3)
      unsafe widen(a - back, b - back, shift: UInt32(truncatingIfNeeded: 8 &* back), &to)
      unsafe widen(c - back, d - back, shift: UInt32(truncatingIfNeeded: 8 &* back), &to)
    }

    /// Four values of two patches.
    @inline(__always)
    private static func widen(
      _ a: UnsafePointer<Int8>, _ b: UnsafePointer<Int8>, shift: UInt32,
      _ to: inout UnsafeMutablePointer<Int32>
    ) {
      let x = unsafe UnsafeRawPointer(a).loadUnaligned(as: UInt32.self) &>> shift
      let y = unsafe UnsafeRawPointer(b).loadUnaligned(as: UInt32.self) &>> shift
      unsafe octet_store_four(
        &to, octet_widen_even(x), octet_widen_odd(x), octet_widen_even(y), octet_widen_odd(y))
    }
  }

  extension WidenedTaps {
    /// The lower halves of two words as one, and the upper ones.
    @inline(__always)
    static func lows(_ a: Int32, _ b: Int32) -> Int32 { a & 0xFFFF | b &<< 16 }

    @inline(__always)
    static func highs(_ a: Int32, _ b: Int32) -> Int32 {
      Int32(bitPattern: UInt32(bitPattern: a) &>> 16 | UInt32(bitPattern: b) & 0xFFFF_0000)
    }

    /// Σₖ weights[r · stride + k] · values[k] of four rows r, over `count` values: each, widened
    /// once, meets four weights.
    @inline(__always)
    static func multiplyRows(
      _ weights: UnsafePointer<Int8>, stride: Int, _ values: UnsafePointer<Int8>, count: Int
    ) -> octet_sums {
      var sums = octet_sums()
      var w = unsafe weights
      var values = unsafe values
      let end = unsafe values + count
      let whole = unsafe values + (count & ~3)
      if unsafe values < whole {
        unsafe octet_add_rows(
          &sums, w, Int32(truncatingIfNeeded: stride), values,
          Int32(truncatingIfNeeded: count & ~3))
        unsafe w += count & ~3
        unsafe values = whole
      }
      while unsafe values < end {
        let value = unsafe Int32(values[0])
        unsafe sums.a &+= value &* Int32(w[0])
        unsafe sums.b &+= value &* Int32(w[stride])
        unsafe sums.c &+= value &* Int32(w[2 &* stride])
        unsafe sums.d &+= value &* Int32(w[3 &* stride])
        unsafe w += 1
        unsafe values += 1
      }
      return sums
    }
  }
#endif
