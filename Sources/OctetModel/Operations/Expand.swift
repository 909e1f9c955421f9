/// x, broadcast to a shape.
struct ExpandDefinition: OperationDefinition {
  let shape: [Int]

  var name: String { "expand" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    guard try inputs.broadcast(inputs[0], shape) == shape else {
      throw inputs.invalid("cannot broadcast \(inputs[0]) to \(shape)")
    }
    return [shape]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.repeated() }
}

extension StepContext {
  /// x broadcast or repeated to the shape of y.
  func repeated() -> InterpreterStep {
    let shape = [Int](repeating: 1, count: y.shape.count - x.shape.count) + x.shape
    let strides = rowMajorStrides(shape)
    var sources: [Int32] = []
    forEachIndex(in: y.shape) { index in
      sources.append(Int32(index.indices.reduce(0) { $0 + index[$1] % shape[$1] * strides[$1] }))
    }
    return gather(y, sources, filler: 0)
  }
}
