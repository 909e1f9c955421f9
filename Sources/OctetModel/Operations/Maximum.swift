/// The larger of a and b, broadcast; NaN where one of them is.
struct MaximumDefinition: BroadcastingOperation {
  var name: String { "maximum" }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, takesConstantOperands: true, grid: .kept)
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func step(_ context: StepContext) -> InterpreterStep {
    if !context.x.isInteger { return context.binary(.none) { $0.isNaN || $0 > $1 ? $0 : $1 } }
    let isLess = context.integerOrder
    return context.integerBinary { isLess($0, $1) ? $1 : $0 }
  }
}
