#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension StepContext {
  /// `(x − mean[c]) / √(variance[c] + epsilon) · gamma[c] + beta[c]` over the last axis.
  func batchNormalization(epsilon: Float) -> InterpreterStep {
    let (x, y, channels) = (self.x, self.y, self.x.shape[self.x.shape.count - 1])
    let (gamma, beta) = (inputs[1].base, inputs[2].base)
    let (mean, variance) = (inputs[3].base, inputs[4].base)
    let positions = channels == 0 ? 0 : x.count / channels
    return {
      for position in 0..<positions {
        let offset = position * channels
        for c in 0..<channels {
          let factor = gamma[c] / (variance[c] + epsilon).squareRoot()
          y.base[offset + c] = (x.base[offset + c] - mean[c]) * factor + beta[c]
        }
      }
    }
  }

  /// `x / (bias + alpha / size · Σ x²)^beta`, the sum over `size` neighbouring channels.
  func localResponseNormalization(
    size: Int, alpha: Float, beta: Float, bias: Float
  ) -> InterpreterStep {
    let (x, y, channels) = (self.x, self.y, self.x.shape[self.x.shape.count - 1])
    let positions = channels == 0 ? 0 : x.count / channels
    let (before, after) = ((size - 1) / 2, size / 2)
    return {
      for position in 0..<positions {
        let (source, target) = (x.base + position * channels, y.base + position * channels)
        for c in 0..<channels {
          var sum: Float = 0
          for k in max(0, c - before)...min(channels - 1, c + after) {
            sum += source[k] * source[k]
          }
          target[c] = source[c] / powf(bias + alpha / Float(size) * sum, beta)
        }
      }
    }
  }
}
