#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// `exp(beta · x) / Σ exp(beta · x)` along an axis.
struct SoftmaxDefinition: OperationDefinition {
  let axis: Int
  let beta: Float

  var name: String { "softmax" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits {
    OperationTraits(grid: .prescribed(Quantization(scale: 1 / 256, zeroPoint: -128)))
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    try inputs.requireAxis(axis, rank: inputs[0].count)
    return [inputs[0]]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.softmax(axis: axis, beta: beta) }
}

extension StepContext {
  /// `exp(beta · (x − max)) / Σ exp(beta · (x − max))` along `axis`.
  func softmax(axis: Int, beta: Float) -> InterpreterStep {
    unsafe forEachLine(along: axis) { source, target, count, stride in
      let top = unsafe maximum(source, count, stride)
      var sum: Float = 0
      for k in 0..<count {
        let value = unsafe expf(beta * (source[k * stride] - top))
        unsafe target[k * stride] = value
        sum += value
      }
      for k in 0..<count { unsafe target[k * stride] /= sum }
    }
  }
}
