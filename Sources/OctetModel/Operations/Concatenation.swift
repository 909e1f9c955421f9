/// The inputs, one after the other along an axis.
struct ConcatenationDefinition: OperationDefinition {
  let axis: Int
  let activation: Activation

  var name: String { "concatenation" }
  var inputCount: ClosedRange<Int> { 1...Int.max }
  var traits: OperationTraits { OperationTraits(takesConstantOperands: true, grid: .kept) }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    activation == .none ? try inputs.alike() : try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    var result = inputs[0]
    try inputs.requireAxis(axis, rank: result.count)
    for index in 1..<inputs.count {
      let shape = inputs[index]
      var other = shape
      if other.count == result.count { other[axis] = result[axis] }
      guard other == result else {
        throw inputs.invalid("cannot join \(inputs[0]) and \(shape) along axis \(axis)")
      }
      result[axis] += shape[axis]
    }
    return [result]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.y.isInteger
      ? context.concatenation(axis: axis, activation, Int64.self)
      : context.concatenation(axis: axis, activation, Float.self)
  }
}

extension StepContext {
  fileprivate func concatenation<Element>(
    axis: Int, _ activation: Activation, _: Element.Type
  ) -> InterpreterStep {
    let (parts, y) = (inputs, self.y)
    let outer = y.shape[..<axis].reduce(1, *)
    let inner = y.shape[(axis + 1)...].reduce(1, *)
    let lengths = parts.map { $0.shape[axis] * inner }
    return followed(by: activation) {
      var target = unsafe y.elements(Element.self)
      for block in 0..<outer {
        for (part, length) in zip(parts, lengths) {
          unsafe target.update(from: part.elements(Element.self) + block * length, count: length)
          unsafe target += length
        }
      }
    }
  }
}
