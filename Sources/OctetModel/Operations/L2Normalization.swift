/// What rows over their Euclidean norm are multiplied with, and what is added beneath the root.
public struct L2NormalizationAttributes: Sendable, Equatable {
  /// Above 0. With √C it is the root of the mean square that rows of C elements are divided by.
  public var gain: Float
  /// Added to the sum of squares, 0 or more; with 0 the norm is at least 10⁻⁶, as TensorFlow Lite
  /// has it.
  public var epsilon: Float

  /// TensorFlow Lite's, unless said otherwise: rows of length 1.
  public init(gain: Float = 1, epsilon: Float = 0) {
    (self.gain, self.epsilon) = (gain, epsilon)
  }

  /// Whether results are rows of length 1, whose grid TensorFlow Lite prescribes.
  package var isTensorFlowLites: Bool { self == L2NormalizationAttributes() }
}

/// `gain · x / √(Σ x² + epsilon)` along the last axis.
struct L2NormalizationDefinition: OperationDefinition {
  let attributes: L2NormalizationAttributes

  var name: String { "l2Normalization" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits {
    attributes.isTensorFlowLites
      ? OperationTraits(grid: .prescribed(Quantization(scale: 1 / 128, zeroPoint: 0)))
      : OperationTraits()
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    try inputs.requireAxis(0, rank: inputs[0].count)
    return [inputs[0]]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.l2Normalization(attributes) }
}

extension StepContext {
  func l2Normalization(_ attributes: L2NormalizationAttributes) -> InterpreterStep {
    let (gain, epsilon) = (attributes.gain, attributes.epsilon)
    return unsafe forEachLine(along: x.shape.count - 1) { source, target, count, stride in
      var sum = epsilon
      for k in 0..<count { unsafe sum += source[k * stride] * source[k * stride] }
      let norm = epsilon == 0 ? max(sum.squareRoot(), 1e-6) : sum.squareRoot()
      let factor = gain / norm
      for k in 0..<count {
        unsafe target[k * stride] =
          gain == 1 ? source[k * stride] / norm : source[k * stride] * factor
      }
    }
  }
}
