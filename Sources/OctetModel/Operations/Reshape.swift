/// The elements of x in another shape.
struct ReshapeDefinition: OperationDefinition {
  let shape: [Int]

  var name: String { "reshape" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .moving }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let count = try Graph.checkedElementCount(shape, node: inputs.node)
    if count != inputs[0].elementCount {
      throw inputs.invalid("cannot give \(inputs[0]) the shape \(shape)")
    }
    return [shape]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.copy() }
}
