// Dot products of int16 activations with int8 weights.
//
//     dotWide:      Σₖ w[k] · x[k]
//     dotFourWide:  Σₖ w[r, k] · x[k] for four rows r
//
// Products are below 2²² or, of the lowest codes, equal to it: 32 bits hold the sum of 2⁸ of them,
// and 64 bits those of all.

#if arch(arm) || arch(arm64)
  internal import COctetKernels
#endif

/// Products that 32 bits hold, and the step of vectors, to which patches are filled up.
enum WideBlock {
  static var productCount: Int { 256 }
  static var step: Int { 8 }
  /// `count`, filled up.
  @inline(__always)
  static func rounded(_ count: Int) -> Int { (count &+ 7) & ~7 }
}

/// Σ w[k] · x[k] for `count` neighbours of both.
@inline(__always)
func dotWide(
  _ weights: UnsafePointer<Int8>, _ values: UnsafePointer<Int16>, count: Int
) -> Int64 {
  var sum: Int64 = 0
  var index = 0
  while index < count {
    let end = min(index &+ WideBlock.productCount, count)
    var partial: Int32 = 0
    while index < end {
      unsafe partial &+= Int32(weights[index]) &* Int32(values[index])
      index &+= 1
    }
    sum &+= widened(partial)
  }
  return sum
}

/// Σ w · x for the rows at `w` and `stride`, 2 · `stride` and 3 · `stride` weights behind it. Up to
/// 7 weights past the end of a row are read, for which x has zeros.
@inline(__always)
func dotFourWide(
  _ w: UnsafePointer<Int8>, stride: Int, _ x: UnsafePointer<Int16>, count: Int, backend: Backend
) -> (Int64, Int64, Int64, Int64) {
  var sums: (Int64, Int64, Int64, Int64) = (0, 0, 0, 0)
  let whole = count & ~7
  var index = 0
  while index < count {
    let end = index < whole ? min(index &+ WideBlock.productCount, whole) : count
    let part =
      index < whole
      ? unsafe dotVectors(w + index, stride: stride, x + index, count: end &- index, backend)
      : unsafe dotRest(w + index, stride: stride, x + index, count: end &- index)
    sums.0 &+= widened(part.0)
    sums.1 &+= widened(part.1)
    sums.2 &+= widened(part.2)
    sums.3 &+= widened(part.3)
    index = end
  }
  return sums
}

/// One value at a time.
@inline(never)
private func dotRest(
  _ w: UnsafePointer<Int8>, stride: Int, _ x: UnsafePointer<Int16>, count: Int
) -> Sums {
  var sums: Sums = (0, 0, 0, 0)
  let (second, third, fourth) = unsafe (w + stride, w + 2 &* stride, w + 3 &* stride)
  for index in 0..<count {
    let value = unsafe Int32(x[index])
    unsafe sums.0 &+= Int32(w[index]) &* value
    unsafe sums.1 &+= Int32(second[index]) &* value
    unsafe sums.2 &+= Int32(third[index]) &* value
    unsafe sums.3 &+= Int32(fourth[index]) &* value
  }
  return sums
}

/// The same for a multiple of eight, at most `WideBlock.productCount`.
@inline(__always)
private func dotVectors(
  _ w: UnsafePointer<Int8>, stride: Int, _ x: UnsafePointer<Int16>, count: Int, _ backend: Backend
) -> Sums {
  #if arch(x86_64) || arch(arm64) && hasFeature(Embedded)
    return unsafe dotLanes(w, stride: stride, x, count: count)
  #else
    #if canImport(COctetKernels.NEON)
      if backend != .portable { return unsafe dotLanes(w, stride: stride, x, count: count) }
    #elseif arch(arm)
      if OCTET_HAS_SMLAD != 0 {
        var sums = octet_sums(a: 0, b: 0, c: 0, d: 0)
        unsafe octet_add_wide_rows(
          &sums, w, Int32(truncatingIfNeeded: stride), x, Int32(truncatingIfNeeded: count))
        return (sums.a, sums.b, sums.c, sums.d)
      }
    #endif
    return unsafe dotRest(w, stride: stride, x, count: count)
  #endif
}

#if arch(x86_64) || canImport(COctetKernels.NEON)
  @inline(__always)
  private func dotLanes(
    _ w: UnsafePointer<Int8>, stride: Int, _ x: UnsafePointer<Int16>, count: Int
  ) -> Sums {
    let start = SIMD4<Int32>(repeating: 0)
    var (a, b, c, d) = (start, start, start, start)
    var index = 0
    while index < count {
      let values = unsafe UnsafeRawPointer(x + index).loadUnaligned(as: SIMD8<Int16>.self)
      let row = unsafe w + index
      a = unsafe addProducts(a, row, values)
      b = unsafe addProducts(b, row + stride, values)
      c = unsafe addProducts(c, row + 2 &* stride, values)
      d = unsafe addProducts(d, row + 3 &* stride, values)
      index &+= WideBlock.step
    }
    #if arch(x86_64)
      return addAcross(a, b, c, d)
    #else
      let sums = octet_add_neighbours(octet_add_neighbours(a, b), octet_add_neighbours(c, d))
      return (sums[0], sums[1], sums[2], sums[3])
    #endif
  }

  /// `sums` and the products of eight weights, two in each lane.
  @inline(__always)
  private func addProducts(
    _ sums: SIMD4<Int32>, _ w: UnsafePointer<Int8>, _ values: SIMD8<Int16>
  ) -> SIMD4<Int32> {
    #if arch(x86_64)
      return unsafe sums &+ multiplyAdd(values, loadWidened(w))
    #else
      return unsafe octet_add_wide_products(sums, w, values)
    #endif
  }
#endif

/// Sums of neighbouring channels.
struct WideSums {
  #if arch(x86_64) || arch(arm64)
    /// Eight channels, or four twice.
    private var sums = SIMD8<Int32>()

    /// Sums for as many of `channels`, of at least four.
    @inline(__always)
    static func count(of channels: Int) -> Int { channels >= 8 ? 8 : 4 }

    @inline(__always)
    subscript(index: Int) -> Int32 { sums[index] }

    /// Adds the products of `count` channels.
    @inline(__always)
    mutating func add(_ w: UnsafePointer<Int8>, _ x: UnsafePointer<Int16>, _ count: Int) {
      let values = unsafe UnsafeRawPointer(x)
      if count == 8 {
        let all = unsafe values.loadUnaligned(as: SIMD8<Int16>.self)
        let weights = unsafe loadWidened(w)
        sums &+= widened(weights) &* widened(all)
      } else {
        for index in 0..<4 { unsafe sums[index] &+= Int32(w[index]) &* Int32(x[index]) }
      }
    }
  #else
    private var sums: Sums = (0, 0, 0, 0)

    @inline(__always)
    static func count(of channels: Int) -> Int { 4 }

    @inline(__always)
    subscript(index: Int) -> Int32 {
      index < 2 ? (index == 0 ? sums.0 : sums.1) : (index == 2 ? sums.2 : sums.3)
    }

    @inline(__always)
    mutating func add(_ w: UnsafePointer<Int8>, _ x: UnsafePointer<Int16>, _ count: Int) {
      unsafe sums.0 &+= Int32(w[0]) &* Int32(x[0])
      unsafe sums.1 &+= Int32(w[1]) &* Int32(x[1])
      unsafe sums.2 &+= Int32(w[2]) &* Int32(x[2])
      unsafe sums.3 &+= Int32(w[3]) &* Int32(x[3])
    }
  #endif
}
