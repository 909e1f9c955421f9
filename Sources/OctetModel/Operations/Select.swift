/// a where the condition holds, else b, broadcast.
struct SelectDefinition: OperationDefinition {
  var name: String { "select" }
  var inputCount: ClosedRange<Int> { 3...3 }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    guard inputs.types.count == 3, !inputs.types[0].isReal else {
      throw inputs.unsupported("its condition is no truth value")
    }
    try inputs.requireAlike(inputs.types[1...])
    return inputs.types[1]
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    [try inputs.broadcast(try inputs.broadcast(inputs[0], inputs[1]), inputs[2])]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.select() }
}

extension StepContext {
  /// Condition, a, b → y, broadcast.
  func select() -> InterpreterStep {
    y.isInteger ? select(Int64.self) : select(Float.self)
  }

  private func select<Element>(_: Element.Type) -> InterpreterStep {
    let shape = self.y.shape
    let tables = inputs.map { BroadcastOffsets($0.shape, shape).a }
    let condition = unsafe inputs[0].integers
    let (a, b) = unsafe (inputs[1].elements(Element.self), inputs[2].elements(Element.self))
    let y = unsafe self.y.elements(Element.self)
    return {
      for index in tables[0].indices {
        unsafe y[index] =
          condition[tables[0][index]] != 0 ? a[tables[1][index]] : b[tables[2][index]]
      }
    }
  }
}
