#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `x / (bias + alpha / size · Σ x²)^beta`, the sum over `size` neighbours along the last axis.
struct LocalResponseNormalizationDefinition: OperationDefinition {
  let size: Int
  let alpha, beta, bias: Float

  var name: String { "localResponseNormalization" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    if size < 1 { throw inputs.invalid("has size \(size), but needs at least 1") }
    if inputs[0].isEmpty { throw inputs.invalid("needs at least one dimension") }
    return [inputs[0]]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.localResponseNormalization(size: size, alpha: alpha, beta: beta, bias: bias)
  }
}

extension StepContext {
  /// `x / (bias + alpha / size · Σ x²)^beta`, the sum over `size` neighbouring channels.
  func localResponseNormalization(
    size: Int, alpha: Float, beta: Float, bias: Float
  ) -> InterpreterStep {
    let (x, y, channels) = (self.x, self.y, self.x.shape[self.x.shape.count - 1])
    let positions = channels == 0 ? 0 : x.count / channels
    let (before, after) = ((size - 1) / 2, size / 2)
    return {
      for position in 0..<positions {
        let (source, target) = unsafe (x.base + position * channels, y.base + position * channels)
        for c in 0..<channels {
          var sum: Float = 0
          for k in max(0, c - before)...min(channels - 1, c + after) {
            unsafe sum += source[k] * source[k]
          }
          unsafe target[c] = source[c] / powf(bias + alpha / Float(size) * sum, beta)
        }
      }
    }
  }
}
