/// a + b, broadcast.
struct AddDefinition: BroadcastingOperation, FusingOperation {
  let activation: Activation

  var name: String { "add" }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, takesConstantOperands: true)
  }

  func replacing(activation: Activation) -> Operation { .add(activation) }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    activation == .none ? try inputs.alike() : try inputs.reals()
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.x.isInteger
      ? context.integerBinary { $0 &+ $1 } : context.binary(activation) { $0 + $1 }
  }
}
