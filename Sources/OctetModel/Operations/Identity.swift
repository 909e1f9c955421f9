/// x as it is.
struct IdentityDefinition: OperationDefinition {
  var name: String { "identity" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, movesElements: true, grid: .kept)
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) -> [[Int]] { [inputs[0]] }

  func step(_ context: StepContext) -> InterpreterStep { context.copy() }
}
