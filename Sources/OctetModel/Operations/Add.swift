/// a + b, broadcast.
struct AddDefinition: FusingOperation {
  let activation: Activation

  var name: String { "add" }
  var inputCount: ClosedRange<Int> { 2...2 }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, takesConstantOperands: true)
  }

  func replacing(activation: Activation) -> Operation { .add(activation) }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    activation == .none ? try inputs.alike() : try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    [try inputs.broadcast(inputs[0], inputs[1])]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.x.isInteger
      ? context.integerBinary { $0 &+ $1 } : context.binary(activation) { $0 + $1 }
  }
}
