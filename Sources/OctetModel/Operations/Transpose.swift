/// x with its axes in another order.
struct TransposeDefinition: OperationDefinition {
  /// The input axis that becomes each output axis.
  let permutation: [Int]

  var name: String { "transpose" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .moving }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let x = inputs[0]
    if permutation.sorted() != Array(0..<x.count) {
      throw inputs.invalid("has the permutation \(permutation) for \(x.count) dimensions")
    }
    return [permutation.map { x[$0] }]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.transpose(permutation) }
}

extension StepContext {
  func transpose(_ permutation: [Int]) -> InterpreterStep {
    let strides = rowMajorStrides(x.shape)
    var sources: [Int32] = []
    forEachIndex(in: y.shape) { index in
      sources.append(
        Int32(zip(index, permutation).reduce(0) { $0 + $1.0 * strides[$1.1] }))
    }
    return gather(y, sources, filler: 0)
  }
}
