#if arch(arm)
  internal import COctetKernels
#endif

/// Max pool and activation: input `[N, H, W, C]`, output `[N, OH, OW, C]` of the same scale and
/// zero point. Padding never wins; a window of padding alone gives the lower bound.
package struct MaxPool: Operator {
  package static let parameterCount = 10
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  package typealias Word = Pool.Word

  let pool: Pool
  var view: OperatorRecord { pool.view }

  init(_ view: OperatorRecord) { pool = Pool(view) }

  func validate() throws(ModelError) { try pool.validate() }

  var demand: Demand { pool.demand }

  func overlapDistance(input index: Int) -> Int? { pool.overlapDistance }

  func run(_ context: OperatorContext) {
    let lower = pool.view.parameter(Word.lower)
    let upper = pool.view.parameter(Word.upper)
    if pool.output.isInt16 {
      return unsafe pool.forEachWindow(context, of: Int16.self) { window, target, channels in
        for channel in 0..<channels {
          var maximum = Int16.min
          unsafe window.forEachRow { pixel in
            for index in 0..<window.columnCount {
              maximum = unsafe max(maximum, pixel[index &* window.columnStep &+ channel])
            }
          }
          unsafe target[channel] = clamp16(Int32(maximum), lower, upper)
        }
      }
    }
    unsafe pool.forEachWindow(context, of: Int8.self) { window, target, channels in
      var first = 0
      #if canImport(COctetKernels.NEON)
        if context.backend != .portable {
          let lowest = SIMD16(repeating: Int8(truncatingIfNeeded: lower))
          let highest = SIMD16(repeating: Int8(truncatingIfNeeded: upper))
          while first &+ 4 <= channels {
            let left = channels &- first
            let step = left >= 16 ? 16 : left >= 8 ? 8 : 4
            let maxima = window.maxima(first, count: step)
            let results = smaller(larger(maxima, lowest), highest)
            unsafe storeLanes(results, target + first, step)
            first &+= step
          }
        }
      #endif
      #if arch(arm)
        if WidenedTaps.loadsWords {
          while first &+ 4 <= channels {
            let isTwo = first &+ 8 <= channels
            unsafe window.storeMaxima(first, isTwo: isTwo, to: target, lower, upper)
            first &+= isTwo ? 8 : 4
          }
        }
      #endif
      for channel in first..<channels {
        var maximum: Int8 = -128
        unsafe window.forEachRow { pixel in
          for index in 0..<window.columnCount {
            maximum = unsafe max(maximum, pixel[index &* window.columnStep &+ channel])
          }
        }
        unsafe target[channel] = clamp(Int32(maximum), lower, upper)
      }
    }
  }
}

#if arch(arm)
  extension Pool.Pixels where Element == Int8 {
    /// The maxima of four channels from `first` on, or of eight: each word has four.
    @inline(never)
    fileprivate func storeMaxima(
      _ first: Int, isTwo: Bool, to target: UnsafeMutablePointer<Int8>, _ lower: Int32,
      _ upper: Int32
    ) {
      let lowest = UInt32(truncatingIfNeeded: lower & 0xFF) &* 0x0101_0101
      let highest = UInt32(truncatingIfNeeded: upper & 0xFF) &* 0x0101_0101
      var (a, b) = (lowest, lowest)
      unsafe forEachRow { pixel in
        var from = unsafe UnsafeRawPointer(pixel + first)
        if isTwo {
          for _ in 0..<columnCount {
            let (x, y) = unsafe (
              from.loadUnaligned(as: UInt32.self),
              from.loadUnaligned(fromByteOffset: 4, as: UInt32.self)
            )
            (a, b) = (largerCodes(x, a), largerCodes(y, b))
            unsafe from += columnStep
          }
        } else {
          for _ in 0..<columnCount {
            a = unsafe largerCodes(from.loadUnaligned(as: UInt32.self), a)
            unsafe from += columnStep
          }
        }
      }
      let to = unsafe UnsafeMutableRawPointer(target + first)
      // The smaller of two codes is the larger one of their complements.
      unsafe to.storeBytes(of: ~largerCodes(~a, ~highest), as: UInt32.self)
      if isTwo {
        unsafe to.storeBytes(of: ~largerCodes(~b, ~highest), toByteOffset: 4, as: UInt32.self)
      }
    }
  }

  /// The larger of each two int8 of a and b.
  @inline(__always)
  private func largerCodes(_ a: UInt32, _ b: UInt32) -> UInt32 {
    if WidenedTaps.areHalves { return octet_larger_bytes(a, b) }
    // Of each byte the high bit of `isLarger` says whether a ≥ b: by the signs, or else by the
    // difference of the lower seven bits, which borrows nothing from the next byte.
    let signs: UInt32 = 0x8080_8080
    let difference = (a | signs) &- (b & ~signs)
    let isLarger = ((~a & b) | (~(a ^ b) & difference)) & signs
    return b ^ ((a ^ b) & (isLarger | (isLarger &- isLarger &>> 7)))
  }
#endif

#if canImport(COctetKernels.NEON)
  extension Pool.Pixels where Element == Int8 {
    /// The maxima of `count` channels from `first` on: 16, 8 or 4.
    @inline(__always)
    fileprivate func maxima(_ first: Int, count: Int) -> SIMD16<Int8> {
      var maxima = SIMD16<Int8>(repeating: -128)
      unsafe forEachRow { row in
        var pixel = unsafe UnsafeRawPointer(row + first)
        for _ in 0..<columnCount {
          maxima = larger(maxima, unsafe loadLanes(pixel, count))
          unsafe pixel += columnStep
        }
      }
      return maxima
    }
  }
#endif
