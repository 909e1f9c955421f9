/// Average pool and activation: input `[N, H, W, C]`, output `[N, OH, OW, C]` of the same scale and
/// zero point.
///
/// The raw values of the real pixels are summed and divided by their number, half away from zero;
/// a window of padding alone gives the zero point. |sum| ≤ 2⁷ · KH · KW; the validator bounds the
/// window so that int32 holds it.
package struct AveragePool: Operator {
  package static let parameterCount = MaxPool.parameterCount
  static let inputCounts = 1...1
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package typealias Word = MaxPool.Word

  let pool: Pool

  init(_ view: OperatorView) { pool = Pool(view) }

  func validate() throws(ModelError) {
    try pool.validate()
    let taps = product(
      min(pool.rows.kernel, pool.rows.input), min(pool.columns.kernel, pool.columns.input),
      limit: 1 << 23)
    try pool.view.require(taps != nil, .tooLarge)
  }

  func overlapDistance(input index: Int) -> Int? { pool.overlapDistance }

  func run(_ context: OperatorContext) {
    let lower = pool.view.parameter(Word.lower)
    let upper = pool.view.parameter(Word.upper)
    let zeroPoint = pool.output.zeroPoint
    unsafe pool.forEachWindow(context) { window, target, channels in
      let count = Int32(truncatingIfNeeded: window.count)
      for channel in 0..<channels {
        var sum: Int32 = 0
        unsafe window.forEachRow { pixel in
          for index in 0..<window.columnCount {
            unsafe sum &+= Int32(pixel[index &* window.columnStep &+ channel])
          }
        }
        let value = count == 0 ? zeroPoint : (sum &+ (sum < 0 ? -count : count) / 2) / count
        unsafe target[channel] = clamp(value, lower, upper)
      }
    }
  }
}
