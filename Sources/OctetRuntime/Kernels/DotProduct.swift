// The inner loops of convolution and fully connected, portable.
//
//     dotPairs:    Σₖ w[r, k] · a[k] and Σₖ w[r, k] · b[k] for two rows r
//     dotColumns:  Σₖ w[k] · x[c, k] for four columns c
//     dotFour:     Σₖ w[r, k] · x[k] for four rows r
//
// On 64-bit cores they are written with vectors of eight, multiplied as int16 and added by pairs,
// so that the compiler finds the multiply-add of the instruction set (pmaddwd on SSE2, smlal on
// NEON); elsewhere they are plain loops.
//
// |w · x| ≤ 2¹⁴; the exporter bounds whole sums with their bias, so int32 holds them.

/// Four sums: a tuple, since 32-bit Embedded Swift's SIMD types need arrays.
typealias Sums = (Int32, Int32, Int32, Int32)

#if arch(x86_64) || arch(arm64)
  // Written out by element, since the generic conversions of SIMD types are not always inlined; the
  // compiler makes vector instructions of them.

  /// Eight int8 values, widened.
  @inline(__always)
  func loadWidened(_ source: UnsafePointer<Int8>) -> SIMD8<Int16> {
    let x = unsafe UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Int8>.self)
    return SIMD8(
      Int16(x[0]), Int16(x[1]), Int16(x[2]), Int16(x[3]), Int16(x[4]), Int16(x[5]), Int16(x[6]),
      Int16(x[7]))
  }

  /// Σ of neighbouring products.
  @inline(__always)
  func multiplyAdd(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> SIMD4<Int32> {
    let products = widened(a) &* widened(b)
    return products.evenHalf &+ products.oddHalf
  }

  @inline(__always)
  func widened(_ x: SIMD8<Int16>) -> SIMD8<Int32> {
    SIMD8(
      Int32(x[0]), Int32(x[1]), Int32(x[2]), Int32(x[3]), Int32(x[4]), Int32(x[5]), Int32(x[6]),
      Int32(x[7]))
  }

  /// The sums of the elements of each of four vectors.
  @inline(__always)
  func addAcross(
    _ a: SIMD4<Int32>, _ b: SIMD4<Int32>, _ c: SIMD4<Int32>, _ d: SIMD4<Int32>
  ) -> Sums {
    let ab =
      SIMD4(lowHalf: a.lowHalf, highHalf: b.lowHalf)
      &+ SIMD4(lowHalf: a.highHalf, highHalf: b.highHalf)
    let cd =
      SIMD4(lowHalf: c.lowHalf, highHalf: d.lowHalf)
      &+ SIMD4(lowHalf: c.highHalf, highHalf: d.highHalf)
    let sums =
      SIMD4(lowHalf: ab.evenHalf, highHalf: cd.evenHalf)
      &+ SIMD4(lowHalf: ab.oddHalf, highHalf: cd.oddHalf)
    return (sums[0], sums[1], sums[2], sums[3])
  }
#endif

/// Σ w · a and Σ w · b for two rows of weights, w and v = w + `stride`, over `count` values, a
/// multiple of 8: w · a, v · a, w · b, v · b. Up to 7 weights past the end of a row are read and
/// must meet zeros in a and b.
#if OCTET_SMALL
  @inline(never)
#else
  @inline(__always)
#endif
func dotPairs(
  _ w: UnsafePointer<Int8>, stride: Int, _ a: UnsafePointer<Int16>, _ b: UnsafePointer<Int16>,
  count: Int
) -> Sums {
  #if arch(x86_64) || arch(arm64)
    let v = unsafe w + stride
    let zero = SIMD4<Int32>(repeating: 0)
    var (wa, va, wb, vb) = (zero, zero, zero, zero)
    var index = 0
    while index < count {
      let x = unsafe UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Int16>.self)
      let y = unsafe UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Int16>.self)
      let first = unsafe loadWidened(w + index)
      wa &+= multiplyAdd(first, x)
      wb &+= multiplyAdd(first, y)
      let second = unsafe loadWidened(v + index)
      va &+= multiplyAdd(second, x)
      vb &+= multiplyAdd(second, y)
      index &+= 8
    }
    return addAcross(wa, va, wb, vb)
  #else
    var (wa, va, wb, vb): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    for index in 0..<count {
      let x = unsafe Int32(a[index])
      let y = unsafe Int32(b[index])
      let first = unsafe Int32(w[index])
      let second = unsafe Int32(w[stride &+ index])
      wa &+= first &* x
      wb &+= first &* y
      va &+= second &* x
      vb &+= second &* y
    }
    return (wa, va, wb, vb)
  #endif
}

/// Σ w · x for four rows of values, x, x + `stride`, …, over `count` values, a multiple of 8; up to
/// 7 weights past the end are read and must meet zeros.
#if OCTET_SMALL
  @inline(never)
#else
  @inline(__always)
#endif
func dotColumns(
  _ w: UnsafePointer<Int8>, _ x: UnsafePointer<Int16>, stride: Int, count: Int
) -> Sums {
  #if arch(x86_64) || arch(arm64)
    let zero = SIMD4<Int32>(repeating: 0)
    var (sum0, sum1, sum2, sum3) = (zero, zero, zero, zero)
    var index = 0
    while index < count {
      let weights = unsafe loadWidened(w + index)
      let row = unsafe UnsafeRawPointer(x + index)
      let step = 2 &* stride
      unsafe sum0 &+= multiplyAdd(weights, row.loadUnaligned(as: SIMD8<Int16>.self))
      unsafe sum1 &+= multiplyAdd(weights, (row + step).loadUnaligned(as: SIMD8<Int16>.self))
      unsafe sum2 &+= multiplyAdd(weights, (row + 2 &* step).loadUnaligned(as: SIMD8<Int16>.self))
      unsafe sum3 &+= multiplyAdd(weights, (row + 3 &* step).loadUnaligned(as: SIMD8<Int16>.self))
      index &+= 8
    }
    return addAcross(sum0, sum1, sum2, sum3)
  #else
    var (sum0, sum1, sum2, sum3): (Int32, Int32, Int32, Int32) = (0, 0, 0, 0)
    for index in 0..<count {
      let weight = unsafe Int32(w[index])
      let row = unsafe x + index
      unsafe sum0 &+= weight &* Int32(row[0])
      unsafe sum1 &+= weight &* Int32(row[stride])
      unsafe sum2 &+= weight &* Int32(row[2 &* stride])
      unsafe sum3 &+= weight &* Int32(row[3 &* stride])
    }
    return (sum0, sum1, sum2, sum3)
  #endif
}

/// Σ (w − `zeroPoint`) · x for four rows of weights, w, w + `count`, …, of exactly `count` values.
@inline(__always)
func dotFour(
  _ w: UnsafePointer<Int8>, zeroPoint: Int16, _ x: UnsafePointer<Int8>, count: Int
) -> Sums {
  var sums: Sums = (0, 0, 0, 0)
  var index = 0
  #if arch(x86_64) || arch(arm64)
    // The subtraction is also what keeps the compiler from seeing that these are widened int8, for
    // which it knows only slower multiplications.
    let zeroPoints = SIMD8<Int16>(repeating: zeroPoint)
    let start = SIMD4<Int32>(repeating: 0)
    var (sum0, sum1, sum2, sum3) = (start, start, start, start)
    while index &+ 8 <= count {
      let values = unsafe loadWidened(x + index)
      let row = unsafe w + index
      unsafe sum0 &+= multiplyAdd(values, loadWidened(row) &- zeroPoints)
      unsafe sum1 &+= multiplyAdd(values, loadWidened(row + count) &- zeroPoints)
      unsafe sum2 &+= multiplyAdd(values, loadWidened(row + 2 &* count) &- zeroPoints)
      unsafe sum3 &+= multiplyAdd(values, loadWidened(row + 3 &* count) &- zeroPoints)
      index &+= 8
    }
    sums = addAcross(sum0, sum1, sum2, sum3)
  #endif
  let zero = Int32(zeroPoint)
  while index < count {
    let value = unsafe Int32(x[index])
    let row = unsafe w + index
    unsafe sums.0 &+= value &* (Int32(row[0]) &- zero)
    unsafe sums.1 &+= value &* (Int32(row[count]) &- zero)
    unsafe sums.2 &+= value &* (Int32(row[2 &* count]) &- zero)
    unsafe sums.3 &+= value &* (Int32(row[3 &* count]) &- zero)
    index &+= 1
  }
  return sums
}

/// Widens `count` values. Up to 7 values more are written, but nothing past `sourceEnd` is read.
#if OCTET_SMALL
  @inline(never)
#else
  @inline(__always)
#endif
func widen(
  _ source: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int16>, count: Int,
  sourceEnd: UnsafePointer<Int8>
) {
  var index = 0
  #if arch(x86_64) || arch(arm64)
    while index < count, unsafe source + (index &+ 8) <= sourceEnd {
      unsafe UnsafeMutableRawPointer(target + index).storeBytes(
        of: loadWidened(source + index), as: SIMD8<Int16>.self)
      index &+= 8
    }
  #endif
  while index < count {
    unsafe target[index] = Int16(source[index])
    index &+= 1
  }
}

/// Σ (w − `zeroPoint`) · x over exactly `count` values.
@inline(__always)
func dot(
  _ w: UnsafePointer<Int8>, zeroPoint: Int16, _ x: UnsafePointer<Int8>, count: Int
) -> Int32 {
  var sum: Int32 = 0
  for index in 0..<count {
    unsafe sum &+= Int32(x[index]) &* Int32(Int16(w[index]) &- zeroPoint)
  }
  return sum
}

/// Σ x over exactly `count` values.
@inline(__always)
func sum(_ x: UnsafePointer<Int8>, count: Int) -> Int32 {
  var sum: Int32 = 0
  var index = 0
  #if arch(x86_64) || arch(arm64)
    var sums = SIMD8<Int32>()
    while index &+ 8 <= count {
      unsafe sums &+= widened(loadWidened(x + index))
      index &+= 8
    }
    sum = sums.wrappedSum()
  #endif
  while index < count {
    unsafe sum &+= Int32(x[index])
    index &+= 1
  }
  return sum
}

/// Widens `count` values. Up to 7 values more are read and written.
@inline(__always)
func widen(_ source: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int16>, count: Int) {
  var index = 0
  while index < count {
    #if arch(x86_64) || arch(arm64)
      unsafe UnsafeMutableRawPointer(target + index).storeBytes(
        of: loadWidened(source + index), as: SIMD8<Int16>.self)
      index &+= 8
    #else
      unsafe target[index] = Int16(source[index])
      index &+= 1
    #endif
  }
}

/// `count` times `value`; up to 7 more are written.
#if OCTET_SMALL
  @inline(never)
#else
  @inline(__always)
#endif
func fill(_ target: UnsafeMutablePointer<Int16>, _ value: Int16, count: Int) {
  var index = 0
  #if arch(x86_64) || arch(arm64)
    while index < count {
      unsafe UnsafeMutableRawPointer(target + index).storeBytes(
        of: SIMD8<Int16>(repeating: value), as: SIMD8<Int16>.self)
      index &+= 8
    }
  #else
    while index < count {
      unsafe target[index] = value
      index &+= 1
    }
  #endif
}
