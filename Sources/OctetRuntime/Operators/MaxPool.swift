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
