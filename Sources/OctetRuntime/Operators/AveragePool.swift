/// Average pool and activation: input `[N, H, W, C]`, output `[N, OH, OW, C]` of the same scale and
/// zero point.
///
/// The raw values of the real pixels are summed and divided by their number; a window of padding
/// alone gives the zero point. |sum| ≤ 2⁷ · KH · KW, of int16 2¹⁵ · KH · KW; the validator bounds the window so that int32
/// holds it. Halves are rounded away from zero, as TensorFlow Lite does, or, as ONNX means it, to
/// the value that is an even number of steps from the zero point.
package struct AveragePool: Operator {
  package static let parameterCount = MaxPool.parameterCount + 1
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  package typealias Word = Pool.Word

  let pool: Pool
  var view: OperatorRecord { pool.view }

  init(_ view: OperatorRecord) { pool = Pool(view) }

  func validate() throws(ModelError) {
    try pool.validate()
    try pool.view.require(parameter: Word.roundsToEven, in: 0...1)
    let taps = product(
      min(pool.rows.kernel, pool.rows.input), min(pool.columns.kernel, pool.columns.input),
      limit: pool.input.isInt16 ? 1 << 15 : 1 << 23)
    try pool.view.require(taps != nil, .tooLarge)
  }

  var demand: Demand { pool.demand }

  func overlapDistance(input index: Int) -> Int? { pool.overlapDistance }

  func run(_ context: OperatorContext) {
    let lower = pool.view.parameter(Word.lower)
    let upper = pool.view.parameter(Word.upper)
    let roundsToEven = pool.view.parameter(Word.roundsToEven) != 0
    let zeroPoint = pool.output.zeroPoint
    if pool.output.isInt16 { return runOnInt16(context) }
    unsafe pool.forEachWindow(context, of: Int8.self) { window, target, channels in
      let count = Int32(truncatingIfNeeded: window.count)
      var first = 0
      #if arch(x86_64) || arch(arm64)
        if count > 0, window.count <= Pool.Pixels<Int8>.mostSummed {
          let inverse = ((1 << 24) &+ window.count &- 1) / window.count
          while first &+ 8 <= channels {
            let sums = window.eightSums(first)
            for lane in 0..<8 {
              // (|sum| + count / 2) · (inverse · count − 2²⁴) < 2¹⁶ · 2⁸: the quotient is exact.
              let magnitude = Int(sums[lane].magnitude) &+ window.count / 2
              let quotient = Int32(truncatingIfNeeded: (magnitude &* inverse) &>> 24)
              let sum = Int32(sums[lane])
              var mean = sum < 0 ? 0 &- quotient : quotient
              if roundsToEven { mean = toEven(mean, sum, count, zeroPoint) }
              unsafe target[first &+ lane] = clamp(mean, lower, upper)
            }
            first &+= 8
          }
        }
      #endif
      #if arch(arm)
        // Four channels are a word, to which 128 is added; of its even and odd bytes two sums each
        // are a word.
        if WidenedTaps.loadsWords, count > 0, count <= 256 {
          let offset = count &<< 7
          while first &+ 4 <= channels {
            var even: UInt32 = 0
            var odd: UInt32 = 0
            unsafe window.forEachRow { pixel in
              var from = unsafe UnsafeRawPointer(pixel + first)
              for _ in 0..<window.columnCount {
                let word = unsafe from.loadUnaligned(as: UInt32.self) ^ 0x8080_8080
                even &+= word & 0x00FF_00FF
                odd &+= (word &>> 8) & 0x00FF_00FF
                unsafe from += window.columnStep
              }
            }
            for lane in 0..<4 {
              let half = (lane & 1 == 0 ? even : odd) &>> (lane & 2 == 0 ? 0 : 16) & 0xFFFF
              let sum = Int32(truncatingIfNeeded: half) &- offset
              var mean = (sum &+ (sum < 0 ? -count : count) / 2) / count
              if roundsToEven { mean = toEven(mean, sum, count, zeroPoint) }
              unsafe target[first &+ lane] = clamp(mean, lower, upper)
            }
            first &+= 4
          }
        }
      #endif
      for channel in first..<channels {
        var sum: Int32 = 0
        unsafe window.forEachRow { pixel in
          for index in 0..<window.columnCount {
            unsafe sum &+= Int32(pixel[index &* window.columnStep &+ channel])
          }
        }
        var mean = count == 0 ? zeroPoint : (sum &+ (sum < 0 ? -count : count) / 2) / count
        if roundsToEven { mean = toEven(mean, sum, count, zeroPoint) }
        unsafe target[channel] = clamp(mean, lower, upper)
      }
    }
  }

  private func runOnInt16(_ context: OperatorContext) {
    let lower = pool.view.parameter(Word.lower)
    let upper = pool.view.parameter(Word.upper)
    let roundsToEven = pool.view.parameter(Word.roundsToEven) != 0
    unsafe pool.forEachWindow(context, of: Int16.self) { window, target, channels in
      let count = Int32(truncatingIfNeeded: window.count)
      for channel in 0..<channels {
        var sum: Int32 = 0
        unsafe window.forEachRow { pixel in
          for index in 0..<window.columnCount {
            unsafe sum &+= Int32(pixel[index &* window.columnStep &+ channel])
          }
        }
        var mean = count == 0 ? 0 : (sum &+ (sum < 0 ? -count : count) / 2) / count
        if roundsToEven { mean = toEven(mean, sum, count, 0) }
        unsafe target[channel] = clamp16(mean, lower, upper)
      }
    }
  }

  /// The mean `sum / count`, which was rounded half away from zero, with halves the other way where
  /// it is an odd number of steps from the zero point.
  private func toEven(_ mean: Int32, _ sum: Int32, _ count: Int32, _ zeroPoint: Int32) -> Int32 {
    let isHalf = 2 &* (mean &* count &- sum).magnitude == count.magnitude
    guard isHalf, (mean &- zeroPoint) & 1 != 0 else { return mean }
    return sum < 0 ? mean &+ 1 : mean &- 1
  }
}

#if arch(x86_64) || arch(arm64)
  extension Pool.Pixels where Element == Int8 {
    /// Pixels whose sums Int16 holds: |sum| ≤ 2⁷ · 2⁸, and 2¹⁵ only below zero.
    fileprivate static var mostSummed: Int { 256 }

    /// The sums of channels `first` ..< `first` + 8.
    @inline(__always)
    fileprivate func eightSums(_ first: Int) -> SIMD8<Int16> {
      var sums = SIMD8<Int16>(repeating: 0)
      unsafe forEachRow { row in
        var pixel = unsafe row + first
        for _ in 0..<columnCount {
          unsafe sums &+= loadWidened(pixel)
          unsafe pixel += columnStep
        }
      }
      return sums
    }
  }
#endif
