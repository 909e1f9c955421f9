/// `count` elements of x along each axis, `stride` apart, from `begin` on.
struct SliceDefinition: OperationDefinition {
  let begin, count, stride: [Int]

  var name: String { "slice" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .moving }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let x = inputs[0]
    guard begin.count == x.count, count.count == x.count, stride.count == x.count else {
      throw inputs.invalid("needs begin, count and stride for each dimension of \(x)")
    }
    for axis in x.indices where count[axis] != 0 {
      let (steps, overflow) = (count[axis] - 1).multipliedReportingOverflow(by: stride[axis])
      let (last, overflow2) = begin[axis].addingReportingOverflow(steps)
      if count[axis] < 0 || overflow || overflow2 || !(0..<x[axis]).contains(begin[axis])
        || !(0..<x[axis]).contains(last)
      {
        throw inputs.invalid("reads outside axis \(axis) of \(x)")
      }
    }
    return [count]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.slice(begin: begin, stride: stride)
  }
}

extension StepContext {
  func slice(begin: [Int], stride: [Int]) -> InterpreterStep {
    gather(y, table(y.shape) { begin[$0] + $1 * stride[$0] }, filler: 0)
  }
}
