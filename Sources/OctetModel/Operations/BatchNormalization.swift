/// `(x − mean[c]) / √(variance[c] + epsilon) · gamma[c] + beta[c]` over the last axis.
struct BatchNormalizationDefinition: OperationDefinition {
  let epsilon: Float

  var name: String { "batchNormalization" }
  var inputCount: ClosedRange<Int> { 5...5 }
  var traits: OperationTraits {
    OperationTraits(
      isElementwise: true,
      int8Refusal: "its statistics are not constants, one for each channel")
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let x = inputs[0]
    guard let channels = x.last else { throw inputs.invalid("needs at least one dimension") }
    for index in 1...4 where inputs[index] != [channels] {
      throw inputs.invalid(
        "has a parameter of shape \(inputs[index]) for \(channels) channels")
    }
    return [x]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.batchNormalization(epsilon: epsilon)
  }
}

extension StepContext {
  /// `(x − mean[c]) / √(variance[c] + epsilon) · gamma[c] + beta[c]` over the last axis.
  func batchNormalization(epsilon: Float) -> InterpreterStep {
    let (x, y, channels) = (self.x, self.y, self.x.shape[self.x.shape.count - 1])
    let (gamma, beta) = unsafe (inputs[1].base, inputs[2].base)
    let (mean, variance) = unsafe (inputs[3].base, inputs[4].base)
    let positions = channels == 0 ? 0 : x.count / channels
    return {
      for position in 0..<positions {
        let offset = position * channels
        for c in 0..<channels {
          let factor = unsafe gamma[c] / (variance[c] + epsilon).squareRoot()
          unsafe y.base[offset + c] = (x.base[offset + c] - mean[c]) * factor + beta[c]
        }
      }
    }
  }
}
