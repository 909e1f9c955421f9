/// x, or slope · x where x is negative; the slope is broadcast to x.
struct PReLUDefinition: OperationDefinition {
  var name: String { "prelu" }
  var inputCount: ClosedRange<Int> { 2...2 }
  var traits: OperationTraits { OperationTraits(isElementwise: true) }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    if try inputs.broadcast(inputs[0], inputs[1]) != inputs[0] {
      throw inputs.invalid("has a slope of shape \(inputs[1]), which does not fit \(inputs[0])")
    }
    return [inputs[0]]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.binary(.none) { $0 < 0 ? $0 * $1 : $0 }
  }
}
