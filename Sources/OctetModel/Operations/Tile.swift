/// x, repeated along each axis.
struct TileDefinition: OperationDefinition {
  let counts: [Int]

  var name: String { "tile" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let x = inputs[0]
    guard counts.count == x.count else {
      throw inputs.invalid("has \(counts.count) counts for \(x)")
    }
    var result = x
    for axis in x.indices {
      guard (0...Graph.maximumElementCount).contains(counts[axis]) else {
        throw inputs.invalid("cannot repeat axis \(axis) \(counts[axis]) times")
      }
      result[axis] *= counts[axis]
    }
    return [result]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.repeated() }
}
