/// (a − b)², broadcast.
struct SquaredDifferenceDefinition: OperationDefinition {
  var name: String { "squaredDifference" }
  var inputCount: ClosedRange<Int> { 2...2 }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, takesConstantOperands: true)
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    [try inputs.broadcast(inputs[0], inputs[1])]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.binary(.none) { ($0 - $1) * ($0 - $1) }
  }
}
