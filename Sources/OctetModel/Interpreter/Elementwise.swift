#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension StepContext {
  /// Operations of one input that keep its elements in place.
  func elementwise() throws(GraphError) -> InterpreterStep {
    switch node.operation {
    case .relu: return clamp(0, .infinity)
    case .relu6: return clamp(0, 6)
    case .clip(let lower, let upper): return clamp(lower, upper)
    case .leakyRelu(let alpha): return map { $0 < 0 ? alpha * $0 : $0 }
    case .hardSwish: return map { $0 * max(0, min(1, $0 / 6 + 0.5)) }
    case .hardSigmoid(let alpha, let beta): return map { max(0, min(1, alpha * $0 + beta)) }
    case .logistic: return map { 1 / (1 + expf(-$0)) }
    case .tanh: return map { tanhf($0) }
    case .elu(let alpha): return map { $0 < 0 ? alpha * expm1f($0) : $0 }
    case .selu(let alpha, let gamma):
      return map { gamma * ($0 <= 0 ? alpha * expm1f($0) : $0) }
    case .function(let function): return map(function.evaluator())
    case .identity, .reshape, .quantize, .dequantize:
      let (x, y) = (self.x, self.y)
      let byteCount = y.count * (y.isInteger ? 8 : 4)
      return { y.raw.copyMemory(from: x.raw, byteCount: byteCount) }
    default:
      throw .unsupported(
        node: node.name, operation: node.operation.name, reason: "the interpreter has no step")
    }
  }

  private func map(_ body: @escaping (Float) -> Float) -> InterpreterStep {
    let (x, y, count) = (self.x, self.y, self.y.count)
    return {
      for index in 0..<count { y.base[index] = body(x.base[index]) }
    }
  }

  private func clamp(_ lower: Float, _ upper: Float) -> InterpreterStep {
    let (x, y, count) = (self.x, self.y, self.y.count)
    return {
      for index in 0..<count { y.base[index] = min(upper, max(lower, x.base[index])) }
    }
  }
}
