// Sums of a few channels over four patches, in registers.
//
//     lanes[r, p] += Σ w[r] · x[p] over 16 taps, in groups of lanes
//     sums[p][r] = the lanes of lanes[r, p] added up, once at the end
//
// A block of rows is a type, made of halves: so all its sums are values of their own, which the
// compiler keeps in registers.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  /// How the instruction set adds products of int8.
  protocol Products {
    /// Adds the products of 16 pairs to the lanes of `sum`; which to which is left open.
    static func add(
      _ sum: SIMD4<Int32>, _ w: SIMD16<Int8>, _ x: SIMD16<Int8>
    ) -> SIMD4<Int32>
    /// Whether products take no registers of their own, so that there are enough for 32 taps.
    static var takesPairs: Bool { get }
  }

  extension Products {
    @inline(__always) static var takesPairs: Bool { false }
  }

  /// SMULL and SADALP twice: for any values.
  enum LongProducts: Products {
    @inline(__always)
    static func add(
      _ sum: SIMD4<Int32>, _ w: SIMD16<Int8>, _ x: SIMD16<Int8>
    ) -> SIMD4<Int32> {
      octet_add_pairs(
        octet_add_pairs(sum, octet_multiply_low(w, x)), octet_multiply_high(w, x))
    }
  }

  /// SMULL, SMLAL and SADALP: one instruction of four less, where `Session.addsPairs` says that two
  /// products eight apart fit 16 bits.
  enum PairedProducts: Products {
    @inline(__always)
    static func add(
      _ sum: SIMD4<Int32>, _ w: SIMD16<Int8>, _ x: SIMD16<Int8>
    ) -> SIMD4<Int32> {
      octet_add_pairs(sum, octet_multiply_low(w, x) &+ octet_multiply_high(w, x))
    }
  }

  #if arch(arm64)
    /// SDOT.
    enum DotProducts: Products {
      @inline(__always) static var takesPairs: Bool { true }

      @inline(__always)
      static func add(
        _ sum: SIMD4<Int32>, _ w: SIMD16<Int8>, _ x: SIMD16<Int8>
      ) -> SIMD4<Int32> {
        octet_add_dot_products(sum, w, x)
      }
    }
  #endif

  /// Channels whose weights follow each other, and what has been summed.
  protocol Rows {
    static var count: Int { get }
    /// - Parameter weights: `[count, depth]`, and 16 bytes that may be read.
    init(_ weights: UnsafePointer<Int8>, depth: Int)
    /// Adds the next 16 taps, once `sum` is there.
    mutating func add(_ x: Four<SIMD16<Int8>>, after sum: SIMD4<Int32>)
    /// Adds the next 32 taps: two weights of a row come in one load.
    mutating func add(_ low: Four<SIMD16<Int8>>, _ high: Four<SIMD16<Int8>>)
    /// Whether steps of 32 taps are the faster ones.
    static var takesPairs: Bool { get }
    /// Sums of all rows for each patch, each spread over `4 / count` lanes.
    var spread: Four<SIMD4<Int32>> { get }
    /// What was added to last.
    var latest: SIMD4<Int32> { get }
  }

  @safe struct OneRow<By: Products>: Rows {
    @inline(__always) static var count: Int { 1 }
    private var weights: UnsafePointer<Int8>
    private(set) var spread = Four(
      a: SIMD4<Int32>(), b: SIMD4<Int32>(), c: SIMD4<Int32>(), d: SIMD4<Int32>())

    @inline(__always)
    init(_ weights: UnsafePointer<Int8>, depth: Int) { unsafe self.weights = weights }

    @inline(__always)
    mutating func add(_ x: Four<SIMD16<Int8>>, after sum: SIMD4<Int32>) {
      add(octet_after(sum, unsafe loadNext(&weights)), x)
    }

    @inline(__always)
    mutating func add(_ low: Four<SIMD16<Int8>>, _ high: Four<SIMD16<Int8>>) {
      addUnordered(unsafe loadNext(&weights), low)
      addUnordered(unsafe loadNext(&weights), high)
    }

    /// Adds as the compiler orders it, where there are registers enough.
    @inline(__always)
    private mutating func addUnordered(_ w: SIMD16<Int8>, _ x: Four<SIMD16<Int8>>) {
      spread.a = By.add(spread.a, w, x.a)
      spread.b = By.add(spread.b, w, x.b)
      spread.c = By.add(spread.c, w, x.c)
      spread.d = By.add(spread.d, w, x.d)
    }

    @inline(__always) static var takesPairs: Bool { By.takesPairs }
    @inline(__always) var latest: SIMD4<Int32> { spread.d }

    @inline(__always)
    mutating func add(_ w: SIMD16<Int8>, _ x: Four<SIMD16<Int8>>) {
      spread.a = By.add(spread.a, w, x.a)
      spread.b = By.add(spread.b, w, x.b)
      let w = octet_after(spread.b, w)
      spread.c = By.add(spread.c, w, x.c)
      spread.d = By.add(spread.d, w, x.d)
    }
  }

  /// Twice as many.
  struct TwoRows<Half: Rows>: Rows {
    @inline(__always) static var count: Int { 2 &* Half.count }
    private(set) var first: Half
    private(set) var second: Half

    @inline(__always)
    init(_ weights: UnsafePointer<Int8>, depth: Int) {
      first = unsafe Half(weights, depth: depth)
      second = unsafe Half(weights + Half.count &* depth, depth: depth)
    }

    @inline(__always)
    mutating func add(_ x: Four<SIMD16<Int8>>, after sum: SIMD4<Int32>) {
      first.add(x, after: sum)
      second.add(x, after: first.latest)
    }

    @inline(__always)
    mutating func add(_ low: Four<SIMD16<Int8>>, _ high: Four<SIMD16<Int8>>) {
      first.add(low, high)
      second.add(low, high)
    }

    @inline(__always) static var takesPairs: Bool { Half.takesPairs }
    @inline(__always) var latest: SIMD4<Int32> { second.latest }

    @inline(__always)
    var spread: Four<SIMD4<Int32>> {
      let a = first.spread
      let b = second.spread
      return Four(
        a: octet_add_neighbours(a.a, b.a), b: octet_add_neighbours(a.b, b.b),
        c: octet_add_neighbours(a.c, b.c), d: octet_add_neighbours(a.d, b.d))
    }
  }

  typealias FourRows<By: Products> = TwoRows<TwoRows<OneRow<By>>>

  extension Rows {
    @inline(__always) static var takesPairs: Bool { false }

    @inline(__always)
    mutating func add(_ low: Four<SIMD16<Int8>>, _ high: Four<SIMD16<Int8>>) {
      add(low)
      add(high)
    }

    /// Adds the next 16 taps, once there are values: not after sums, which may be constants yet.
    @inline(__always)
    mutating func add(_ x: Four<SIMD16<Int8>>) {
      add(x, after: unsafe unsafeBitCast(x.d, to: SIMD4<Int32>.self))
    }

    /// Sums of all rows for each patch, in the first `count` lanes.
    @inline(__always)
    var sums: Four<SIMD4<Int32>> {
      let spread = spread
      return Four(
        a: Self.gathered(spread.a), b: Self.gathered(spread.b), c: Self.gathered(spread.c),
        d: Self.gathered(spread.d))
    }

    @inline(__always)
    static func gathered(_ sum: SIMD4<Int32>) -> SIMD4<Int32> {
      var sum = sum
      if count <= 2 { sum = octet_add_neighbours(sum, sum) }
      if count == 1 { sum = octet_add_neighbours(sum, sum) }
      return sum
    }
  }

  extension OneRow {
    /// The sums of the four, when they are rows of weights that were multiplied with this one.
    @inline(__always)
    var transposed: SIMD4<Int32> {
      octet_add_neighbours(
        octet_add_neighbours(spread.a, spread.b), octet_add_neighbours(spread.c, spread.d))
    }
  }
#endif
