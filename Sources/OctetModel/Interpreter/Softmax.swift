#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension StepContext {
  /// `exp(beta · (x − max)) / Σ exp(beta · (x − max))` along `axis`.
  func softmax(axis: Int, beta: Float) -> InterpreterStep {
    forEachLine(along: axis) { source, target, count, stride in
      let top = maximum(source, count, stride)
      var sum: Float = 0
      for k in 0..<count {
        let value = expf(beta * (source[k * stride] - top))
        target[k * stride] = value
        sum += value
      }
      for k in 0..<count { target[k * stride] /= sum }
    }
  }

  /// `x − max − log Σ exp(x − max)` along `axis`.
  func logSoftmax(axis: Int) -> InterpreterStep {
    forEachLine(along: axis) { source, target, count, stride in
      let top = maximum(source, count, stride)
      var sum: Float = 0
      for k in 0..<count { sum += expf(source[k * stride] - top) }
      let logarithm = logf(sum)
      for k in 0..<count { target[k * stride] = source[k * stride] - top - logarithm }
    }
  }

  /// `x / max(√Σ x², 10⁻⁶)` along the last axis.
  func l2Normalization() -> InterpreterStep {
    forEachLine(along: x.shape.count - 1) { source, target, count, stride in
      var sum: Float = 0
      for k in 0..<count { sum += source[k * stride] * source[k * stride] }
      let norm = max(sum.squareRoot(), 1e-6)
      for k in 0..<count { target[k * stride] = source[k * stride] / norm }
    }
  }

  private func forEachLine(
    along axis: Int,
    _ body: @escaping (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int, Int) -> Void
  ) -> InterpreterStep {
    let (x, y) = (self.x, self.y)
    let count = x.shape[axis]
    let inner = x.shape[(axis + 1)...].reduce(1, *)
    let outer = x.shape[..<axis].reduce(1, *)
    return {
      for block in 0..<outer {
        for line in 0..<inner {
          let offset = block * count * inner + line
          body(x.base + offset, y.base + offset, count, inner)
        }
      }
    }
  }
}

private func maximum(_ source: UnsafePointer<Float>, _ count: Int, _ stride: Int) -> Float {
  var result = -Float.infinity
  for k in 0..<count { result = max(result, source[k * stride]) }
  return result
}
