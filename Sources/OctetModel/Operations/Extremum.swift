/// Attributes of the search for the largest or smallest element's position.
public struct ExtremumAttributes: Sendable, Equatable {
  /// The axis that is searched, counted from 0.
  public var axis: Int
  /// Whether the axis stays, with one element.
  public var keepsDimensions: Bool
  /// Whether the smallest is looked for, not the largest.
  public var isMinimum: Bool
  /// Whether the last of equal elements is taken, not the first.
  public var takesLast: Bool

  /// All that there is to say.
  public init(axis: Int, keepsDimensions: Bool, isMinimum: Bool, takesLast: Bool) {
    self.axis = axis
    self.keepsDimensions = keepsDimensions
    self.isMinimum = isMinimum
    self.takesLast = takesLast
  }
}

/// The position of the extreme element along an axis, which becomes 1 or goes.
struct ExtremumDefinition: OperationDefinition {
  let attributes: ExtremumAttributes

  var name: String { "extremum" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) -> ElementType { .int64 }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let shape = try inputs.reduced(
      axes: [attributes.axis], keepsDimensions: attributes.keepsDimensions)
    if inputs[0][attributes.axis] == 0 { throw inputs.invalid("has no elements along its axis") }
    return [shape]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.extremum(attributes) }
}

extension StepContext {
  /// x of reals or integers → int64 positions.
  func extremum(_ attributes: ExtremumAttributes) -> InterpreterStep {
    unsafe x.isInteger
      ? extremum(attributes, x.integers) : extremum(attributes, x.base)
  }

  private func extremum<Element: Comparable>(
    _ attributes: ExtremumAttributes, _ source: UnsafeMutablePointer<Element>
  ) -> InterpreterStep {
    let (shape, y) = (x.shape, self.y)
    let count = shape[attributes.axis]
    let inner = shape[(attributes.axis + 1)...].reduce(1, *)
    let outer = shape[..<attributes.axis].reduce(1, *)
    return {
      for line in 0..<outer * inner {
        let first = unsafe source + line / max(inner, 1) * count * inner + line % max(inner, 1)
        var best = 0
        for k in 1..<max(count, 1) {
          let (value, top) = unsafe (first[k * inner], first[best * inner])
          let isBetter = attributes.isMinimum ? value < top : value > top
          if isBetter || attributes.takesLast && value == top { best = k }
        }
        unsafe y.integers[line] = Int64(best)
      }
    }
  }
}
