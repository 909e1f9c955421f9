// What becomes of the sums of a few channels, one a lane.

#if canImport(COctetKernels.NEON)
  internal import COctetKernels

  /// Bias and requantization of the channels that `Block` sums at a time.
  @safe struct RowConstants<Block: Rows> {
    let bias: SIMD4<Int32>
    private let multiplier: SIMD4<Int32>
    private let shift: SIMD4<Int32>
    private let zeroPoint: SIMD4<Int32>
    private let lower: SIMD4<Int32>
    private let upper: SIMD4<Int32>

    /// Those from `index` on.
    @inline(__always)
    init(_ channels: NEONChannels, _ index: Int) {
      bias = unsafe Block.load(channels.bias + index)
      multiplier = unsafe Block.load(channels.multipliers + index)
      shift = unsafe Block.loadWidened(channels.shifts + index)
      zeroPoint = channels.zeroPoint
      lower = channels.lower
      upper = channels.upper
    }

    /// `requantize` of FixedPoint.swift, the output's zero point and its range: int8 in the bytes
    /// of a word, the first lane's lowest.
    @inline(__always)
    func callAsFunction(_ sum: SIMD4<Int32>) -> SIMD16<Int8> { self(biased: sum &+ bias) }

    /// The same for a sum with its bias.
    @inline(__always)
    func callAsFunction(biased sum: SIMD4<Int32>) -> SIMD16<Int8> {
      let left = octet_maximum(shift, SIMD4())
      let right = octet_minimum(shift, SIMD4())
      let product = octet_high_multiply_words(octet_shift(sum, left), multiplier)
      // The shift rounds ties up; 1 less for negative values makes that away from zero, unless
      // there is no shift.
      let value = octet_shift(product &+ ((product & right) &>> 31), right) &+ zeroPoint
      return octet_narrow(octet_minimum(octet_maximum(value, lower), upper))
    }

    /// `requantize` of a sum with its bias, where all shifts are to the right.
    @inline(__always)
    func scaledRight(_ value: SIMD4<Int32>) -> SIMD4<Int32> {
      let product = octet_high_multiply_words(value, multiplier)
      return octet_shift(product &+ (product &>> 31), shift)
    }
  }

  /// The zero point and range of sixteen results.
  struct ResultRange {
    private let zeroPoint: SIMD8<Int16>
    private let lower: SIMD16<Int8>
    private let upper: SIMD16<Int8>

    @inline(__always)
    init(_ zeroPoint: Int32, _ lower: Int32, _ upper: Int32) {
      self.zeroPoint = SIMD8(repeating: Int16(truncatingIfNeeded: zeroPoint))
      self.lower = SIMD16(repeating: Int8(truncatingIfNeeded: lower))
      self.upper = SIMD16(repeating: Int8(truncatingIfNeeded: upper))
    }

    /// Four words a vector; all steps saturate.
    @inline(__always)
    func callAsFunction(
      _ a: SIMD4<Int32>, _ b: SIMD4<Int32>, _ c: SIMD4<Int32>, _ d: SIMD4<Int32>
    ) -> SIMD16<Int8> {
      octet_narrow_sixteen(a, b, c, d, zeroPoint, lower, upper)
    }
  }

  extension Rows {
    /// `count` words, in the first lanes.
    @inline(__always)
    static func load(_ words: UnsafePointer<Int32>) -> SIMD4<Int32> {
      let bytes = unsafe UnsafeRawPointer(words)
      if count == 4 { return unsafe bytes.loadUnaligned(as: SIMD4<Int32>.self) }
      if count == 1 { return unsafe SIMD4(repeating: words.pointee) }
      let half = unsafe bytes.loadUnaligned(as: SIMD2<Int32>.self)
      return SIMD4(lowHalf: half, highHalf: half)
    }

    /// `count` int8, in the first lanes.
    @inline(__always)
    static func loadWidened(_ values: UnsafePointer<Int8>) -> SIMD4<Int32> {
      let bytes = unsafe UnsafeRawPointer(values)
      if count == 4 { return widened(unsafe bytes.loadUnaligned(as: Int32.self)) }
      if count == 1 { return SIMD4(repeating: Int32(unsafe values.pointee)) }
      return widened(Int32(unsafe bytes.loadUnaligned(as: Int16.self)))
    }

    /// Four int8 of a word, the lowest first.
    @inline(__always)
    private static func widened(_ word: Int32) -> SIMD4<Int32> {
      let bytes = unsafe unsafeBitCast(SIMD4(repeating: word), to: SIMD16<Int8>.self)
      return octet_add_low(SIMD4(), octet_multiply_low(bytes, SIMD16(repeating: 1)))
    }

    @inline(__always)
    static func store(_ values: SIMD4<Int32>, _ words: UnsafeMutablePointer<Int32>) {
      let bytes = UnsafeMutableRawPointer(words)
      if count == 4 { return unsafe bytes.storeBytes(of: values, as: SIMD4<Int32>.self) }
      if count == 2 { return unsafe bytes.storeBytes(of: values.lowHalf, as: SIMD2<Int32>.self) }
      unsafe words.pointee = values[0]
    }

    /// The lowest `count` bytes.
    @inline(__always)
    static func store(bytes: SIMD16<Int8>, _ target: UnsafeMutablePointer<Int8>) {
      let result = UnsafeMutableRawPointer(target)
      switch count {
      case 4:
        let words = unsafe unsafeBitCast(bytes, to: SIMD4<Int32>.self)
        unsafe result.storeBytes(of: words[0], as: Int32.self)
      case 2:
        let halves = unsafe unsafeBitCast(bytes, to: SIMD8<Int16>.self)
        unsafe result.storeBytes(of: halves[0], as: Int16.self)
      default: unsafe target.pointee = bytes[0]
      }
    }
  }
#endif
