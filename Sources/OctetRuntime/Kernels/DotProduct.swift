// The inner loops of convolution and fully connected, portable.
//
//     dotPairs:  the larger of Σₖ w[r, k] · a[k] and Σₖ w[r, k] · b[k] for two rows r
//     dotFour:   Σₖ w[r, k] · x[k] for four rows r
//
// On 64-bit cores they are written with vectors of eight, multiplied as int16 and added by pairs, so
// that the compiler finds the multiply-add of the instruction set (pmaddwd on SSE2, smlal on NEON);
// elsewhere they are plain loops.
//
// |w · x| ≤ 2¹⁴; the exporter bounds whole sums with their bias, so int32 holds them.

#if arch(x86_64) || arch(arm64)
  // Written out by element, since the generic conversions of SIMD types are not always inlined; the
  // compiler makes vector instructions of them.

  /// Eight int8 values, widened.
  @inline(__always)
  private func load(_ source: UnsafePointer<Int8>) -> SIMD8<Int16> {
    let x = unsafe UnsafeRawPointer(source).loadUnaligned(as: SIMD8<Int8>.self)
    return SIMD8(
      Int16(x[0]), Int16(x[1]), Int16(x[2]), Int16(x[3]), Int16(x[4]), Int16(x[5]), Int16(x[6]),
      Int16(x[7]))
  }

  /// Σ of neighbouring products.
  @inline(__always)
  private func multiplyAdd(_ a: SIMD8<Int16>, _ b: SIMD8<Int16>) -> SIMD4<Int32> {
    let products = wide(a) &* wide(b)
    return products.evenHalf &+ products.oddHalf
  }

  @inline(__always)
  private func wide(_ x: SIMD8<Int16>) -> SIMD8<Int32> {
    SIMD8(
      Int32(x[0]), Int32(x[1]), Int32(x[2]), Int32(x[3]), Int32(x[4]), Int32(x[5]), Int32(x[6]),
      Int32(x[7]))
  }

  /// The sums of the elements of each of four vectors.
  @inline(__always)
  private func addAcross(
    _ a: SIMD4<Int32>, _ b: SIMD4<Int32>, _ c: SIMD4<Int32>, _ d: SIMD4<Int32>
  ) -> SIMD4<Int32> {
    let ab = SIMD4(lowHalf: a.lowHalf, highHalf: b.lowHalf)
      &+ SIMD4(lowHalf: a.highHalf, highHalf: b.highHalf)
    let cd = SIMD4(lowHalf: c.lowHalf, highHalf: d.lowHalf)
      &+ SIMD4(lowHalf: c.highHalf, highHalf: d.highHalf)
    return SIMD4(lowHalf: ab.evenHalf, highHalf: cd.evenHalf)
      &+ SIMD4(lowHalf: ab.oddHalf, highHalf: cd.oddHalf)
  }

  /// Zeros from element `count` % 8 on in the last of the vectors that hold `count` values.
  @inline(__always)
  func clearTail(_ values: UnsafeMutablePointer<Int16>, count: Int, mask: SIMD8<Int16>) {
    let last = unsafe UnsafeMutableRawPointer(values + (count & ~7))
    let kept = unsafe last.loadUnaligned(as: SIMD8<Int16>.self) & mask
    unsafe last.storeBytes(of: kept, as: SIMD8<Int16>.self)
  }
#endif

/// The larger of Σ w · a and Σ w · b for two rows of weights, w and w + `stride`, over `count`
/// values, a multiple of 8; up to 7 weights past the end of a row are read and must meet zeros in a
/// and b.
@inline(__always)
func dotPairs(
  _ w: UnsafePointer<Int8>, stride: Int, _ a: UnsafePointer<Int16>, _ b: UnsafePointer<Int16>,
  count: Int
) -> (Int32, Int32) {
  #if arch(x86_64) || arch(arm64)
    let next = unsafe w + stride
    var sumA = SIMD4<Int32>(repeating: 0)
    var sumB = SIMD4<Int32>(repeating: 0)
    var nextA = SIMD4<Int32>(repeating: 0)
    var nextB = SIMD4<Int32>(repeating: 0)
    var index = 0
    while index < count {
      let x = unsafe UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Int16>.self)
      let y = unsafe UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Int16>.self)
      let weights = unsafe load(w + index)
      sumA &+= multiplyAdd(weights, x)
      sumB &+= multiplyAdd(weights, y)
      let nextWeights = unsafe load(next + index)
      nextA &+= multiplyAdd(nextWeights, x)
      nextB &+= multiplyAdd(nextWeights, y)
      index &+= 8
    }
    let sums = addAcross(sumA, nextA, sumB, nextB)
    let larger = pointwiseMax(sums.lowHalf, sums.highHalf)
    return (larger[0], larger[1])
  #else
    return unsafe (dotPair(w, a, b, count: count), dotPair(w + stride, a, b, count: count))
  #endif
}

/// As `dotPairs`, for one row of weights.
@inline(__always)
func dotPair(
  _ w: UnsafePointer<Int8>, _ a: UnsafePointer<Int16>, _ b: UnsafePointer<Int16>, count: Int
) -> Int32 {
  #if arch(x86_64) || arch(arm64)
    var sumA = SIMD4<Int32>(repeating: 0)
    var sumB = SIMD4<Int32>(repeating: 0)
    var index = 0
    while index < count {
      let weights = unsafe load(w + index)
      let x = unsafe UnsafeRawPointer(a + index).loadUnaligned(as: SIMD8<Int16>.self)
      let y = unsafe UnsafeRawPointer(b + index).loadUnaligned(as: SIMD8<Int16>.self)
      sumA &+= multiplyAdd(weights, x)
      sumB &+= multiplyAdd(weights, y)
      index &+= 8
    }
    return max(sumA.wrappedSum(), sumB.wrappedSum())
  #else
    var sumA: Int32 = 0
    var sumB: Int32 = 0
    for index in 0..<count {
      let weight = unsafe Int32(w[index])
      unsafe sumA &+= weight &* Int32(a[index])
      unsafe sumB &+= weight &* Int32(b[index])
    }
    return max(sumA, sumB)
  #endif
}

/// Σ (w − `zeroPoint`) · x for four rows of weights, w, w + `count`, …, of exactly `count` values.
@inline(__always)
func dotFour(
  _ w: UnsafePointer<Int8>, zeroPoint: Int16, _ x: UnsafePointer<Int8>, count: Int
) -> SIMD4<Int32> {
  var sums = SIMD4<Int32>(repeating: 0)
  var index = 0
  #if arch(x86_64) || arch(arm64)
    // The subtraction is also what keeps the compiler from seeing that these are widened int8, for
    // which it knows only slower multiplications.
    let zeroPoints = SIMD8<Int16>(repeating: zeroPoint)
    var (sum0, sum1, sum2, sum3) = (sums, sums, sums, sums)
    while index &+ 8 <= count {
      let values = unsafe load(x + index)
      let row = unsafe w + index
      unsafe sum0 &+= multiplyAdd(values, load(row) &- zeroPoints)
      unsafe sum1 &+= multiplyAdd(values, load(row + count) &- zeroPoints)
      unsafe sum2 &+= multiplyAdd(values, load(row + 2 &* count) &- zeroPoints)
      unsafe sum3 &+= multiplyAdd(values, load(row + 3 &* count) &- zeroPoints)
      index &+= 8
    }
    sums = addAcross(sum0, sum1, sum2, sum3)
  #endif
  let zero = Int32(zeroPoint)
  while index < count {
    let value = unsafe Int32(x[index])
    let row = unsafe w + index
    unsafe sums[0] &+= value &* (Int32(row[0]) &- zero)
    unsafe sums[1] &+= value &* (Int32(row[count]) &- zero)
    unsafe sums[2] &+= value &* (Int32(row[2 &* count]) &- zero)
    unsafe sums[3] &+= value &* (Int32(row[3 &* count]) &- zero)
    index &+= 1
  }
  return sums
}

/// Widens `count` values. Up to 7 values more are written, but nothing past `sourceEnd` is read.
@inline(__always)
func widen(
  _ source: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int16>, count: Int,
  sourceEnd: UnsafePointer<Int8>
) {
  var index = 0
  #if arch(x86_64) || arch(arm64)
    while index < count, unsafe source + (index &+ 8) <= sourceEnd {
      unsafe UnsafeMutableRawPointer(target + index).storeBytes(
        of: load(source + index), as: SIMD8<Int16>.self)
      index &+= 8
    }
  #endif
  while index < count {
    unsafe target[index] = Int16(source[index])
    index &+= 1
  }
}

/// Widens `count` values. Up to 7 values more are read and written.
@inline(__always)
func widen(_ source: UnsafePointer<Int8>, _ target: UnsafeMutablePointer<Int16>, count: Int) {
  var index = 0
  while index < count {
    #if arch(x86_64) || arch(arm64)
      unsafe UnsafeMutableRawPointer(target + index).storeBytes(
        of: load(source + index), as: SIMD8<Int16>.self)
      index &+= 8
    #else
      unsafe target[index] = Int16(source[index])
      index &+= 1
    #endif
  }
}

/// `count` times `value`; up to 7 more are written.
@inline(__always)
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
