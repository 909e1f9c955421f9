/// The slices of x along an axis that the second input names.
struct GatherDefinition: OperationDefinition {
  let axis: Int

  var name: String { "gather" }
  var inputCount: ClosedRange<Int> { 2...2 }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    guard inputs.types.count == 2, !inputs.types[1].isReal else {
      throw inputs.unsupported("its indices are no integers")
    }
    return inputs.types[0]
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let x = inputs[0]
    try inputs.requireAxis(axis, rank: x.count)
    if x[axis] == 0 { throw inputs.invalid("has no elements along its axis") }
    return [x[..<axis] + inputs[1] + x[(axis + 1)...]]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.gather(axis: axis) }
}

extension StepContext {
  /// x `[outer…, length, inner…]`, indices `[…]` → y `[outer…, …, inner…]`.
  func gather(axis: Int) -> InterpreterStep {
    x.isInteger ? gather(axis: axis, Int64.self) : gather(axis: axis, Float.self)
  }

  private func gather<Element>(axis: Int, _: Element.Type) -> InterpreterStep {
    let (x, y) = unsafe (inputs[0].elements(Element.self), self.y.elements(Element.self))
    let (indices, count) = unsafe (inputs[1].integers, inputs[1].count)
    let length = inputs[0].shape[axis]
    let outer = inputs[0].shape[..<axis].reduce(1, *)
    let inner = inputs[0].shape[(axis + 1)...].reduce(1, *)
    return {
      for block in 0..<outer {
        for k in 0..<count {
          let wanted = unsafe indices[k] < 0 ? indices[k] + Int64(length) : indices[k]
          let source = Int(max(0, min(Int64(length - 1), wanted)))
          unsafe (y + (block * count + k) * inner)
            .update(from: x + (block * length + source) * inner, count: inner)
        }
      }
    }
  }
}
