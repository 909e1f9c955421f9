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
      for channel in 0..<channels {
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
