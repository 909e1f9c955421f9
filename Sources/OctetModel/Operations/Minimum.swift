/// The smaller of a and b, broadcast; NaN where one of them is.
struct MinimumDefinition: BroadcastingOperation {
  var name: String { "minimum" }
  var traits: OperationTraits {
    OperationTraits(isElementwise: true, takesConstantOperands: true, grid: .kept)
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func step(_ context: StepContext) -> InterpreterStep {
    if !context.x.isInteger { return context.binary(.none) { $0.isNaN || $0 < $1 ? $0 : $1 } }
    let isLess = context.integerOrder
    return context.integerBinary { isLess($1, $0) ? $1 : $0 }
  }
}
