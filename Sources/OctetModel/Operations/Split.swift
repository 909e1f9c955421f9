/// x in parts along an axis.
struct SplitDefinition: OperationDefinition {
  let axis: Int
  let counts: [Int]

  var name: String { "split" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .moving }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let x = inputs[0]
    try inputs.requireAxis(axis, rank: x.count)
    var sum = 0
    for count in counts {
      guard (0...x[axis]).contains(count) else {
        throw inputs.invalid("has the parts \(counts)")
      }
      sum += count
    }
    if sum != x[axis] { throw inputs.invalid("has the parts \(counts) of \(x[axis])") }
    return counts.map { count in
      var shape = x
      shape[axis] = count
      return shape
    }
  }

  func step(_ context: StepContext) -> InterpreterStep { context.split(axis: axis, counts: counts) }
}

extension StepContext {
  func split(axis: Int, counts: [Int]) -> InterpreterStep {
    var first = 0
    var parts: [InterpreterStep] = []
    for (output, count) in zip(outputs, counts) {
      let begin = first
      parts.append(gather(output, table(output.shape) { $0 == axis ? begin + $1 : $1 }, filler: 0))
      first += count
    }
    return { for part in parts { part() } }
  }
}
