/// (a − b)², broadcast.
struct SquaredDifferenceDefinition: BroadcastingOperation {
  var name: String { "squaredDifference" }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, takesConstantOperands: true)
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.binary(.none) { ($0 - $1) * ($0 - $1) }
  }
}
