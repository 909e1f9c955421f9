/// a − b and activation, broadcast as in NumPy; scaled as an addition.
package struct Subtract: Operator {
  package static let parameterCount = Add.parameterCount
  static let inputCounts = 2...2
  static let outputCounts = 1...1

  /// The parameter words, in order.
  package typealias Word = Add.Word

  let sum: ScaledSum
  var view: OperatorRecord { sum.broadcast.view }

  init(_ view: OperatorRecord) { sum = ScaledSum(view) }

  func validate() throws(ModelError) { try sum.validate() }

  func overlapDistance(input index: Int) -> Int? { sum.broadcast.overlapDistance(input: index) }

  func run(_ context: OperatorContext) { sum.run(context, { $0 &- $1 }, { $0 &- $1 }) }
}
