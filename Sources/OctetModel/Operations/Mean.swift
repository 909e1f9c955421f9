/// The mean over some axes, which become 1 or go.
struct MeanDefinition: OperationDefinition {
  let axes: [Int]
  let keepsDimensions: Bool

  var name: String { "mean" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { OperationTraits() }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    [try inputs.reduced(axes: axes, keepsDimensions: keepsDimensions)]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.mean(axes: axes) }
}

extension StepContext {
  /// The mean over `axes`; the sums run in row-major order of the input.
  func mean(axes: [Int]) -> InterpreterStep {
    let (x, y) = (self.x, self.y)
    let targets = reductionTargets(axes: axes)
    let count = y.count
    let divisor = Double(count == 0 ? 1 : x.count / count)
    // Sums in double: a mean over a large image must not drift.
    var sums = [Double](repeating: 0, count: count)
    return {
      for index in 0..<count { sums[index] = 0 }
      for (index, target) in targets.enumerated() { unsafe sums[target] += Double(x.base[index]) }
      for index in 0..<count { unsafe y.base[index] = Float(sums[index] / divisor) }
    }
  }
}
