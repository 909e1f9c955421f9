/// The smaller of a and b, broadcast as in NumPy; all three tensors have one scale and zero point.
package struct Minimum: Operator {
  package static let parameterCount = 0
  static let inputCounts = 2...2
  static let outputCounts = 1...1

  let broadcast: Broadcast
  var view: OperatorRecord { broadcast.view }

  init(_ view: OperatorRecord) { broadcast = Broadcast(view) }

  func validate() throws(ModelError) { try broadcast.validate() }

  func overlapDistance(input index: Int) -> Int? { broadcast.overlapDistance(input: index) }

  func run(_ context: OperatorContext) {
    #if canImport(COctetKernels.NEON)
      if broadcast.runOnNEON(context, smaller) { return }
    #endif
    broadcast.run(context) { a, b in Int8(truncatingIfNeeded: min(a, b)) }
  }
}
