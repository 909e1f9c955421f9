/// What stands around the tensor: a value, its mirror image without the edge, its edge, or itself.
public enum PadMode: Sendable, Equatable {
  case constant(Float)
  case reflect
  case edge
  /// The tensor repeats itself.
  case wrap
}

/// x with elements added before and after along each axis; negative amounts crop.
struct PadDefinition: OperationDefinition {
  let before, after: [Int]
  let mode: PadMode

  var name: String { "pad" }
  var inputCount: ClosedRange<Int> { 1...1 }

  var traits: OperationTraits {
    if case .constant(let value) = mode {
      return OperationTraits(movesElements: value == 0, grid: .kept)
    }
    return OperationTraits(
      movesElements: true, grid: .kept,
      int8Refusal: "it pads with computed values further than the tensor reaches")
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let x = inputs[0]
    guard before.count == x.count, after.count == x.count else {
      throw inputs.invalid("needs two amounts for each dimension of \(x)")
    }
    let limit = Graph.maximumElementCount
    var result = x
    for axis in x.indices {
      guard abs(before[axis].clamped(limit)) < limit, abs(after[axis].clamped(limit)) < limit else {
        throw inputs.invalid("has amounts that are out of range")
      }
      result[axis] += before[axis] + after[axis]
      // Reflection and edges need something to repeat.
      let reach = max(before[axis], after[axis])
      let isPossible =
        switch mode {
        case .constant: true
        case .reflect: reach <= 0 || reach < x[axis]
        case .edge, .wrap: reach <= 0 || x[axis] > 0
        }
      if result[axis] < 0 || !isPossible {
        throw inputs.invalid(
          "cannot add \(before[axis]) and \(after[axis]) to axis \(axis) of \(x)")
      }
    }
    return [result]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.pad(before: before, mode: mode)
  }
}

extension Int {
  fileprivate func clamped(_ limit: Int) -> Int { Swift.min(Swift.max(self, -limit), limit) }
}

extension StepContext {
  func pad(before: [Int], mode: PadMode) -> InterpreterStep {
    let shape = x.shape
    var filler: Float = 0
    if case .constant(let value) = mode { filler = value }
    let sources = table(y.shape) { axis, index in
      let position = index - before[axis]
      switch mode {
      case .constant: return (0..<shape[axis]).contains(position) ? position : nil
      case .edge: return max(0, min(shape[axis] - 1, position))
      case .wrap: return (position % shape[axis] + shape[axis]) % shape[axis]
      case .reflect:
        let last = shape[axis] - 1
        return position < 0 ? -position : (position > last ? 2 * last - position : position)
      }
    }
    return gather(y, sources, filler: filler)
  }
}
