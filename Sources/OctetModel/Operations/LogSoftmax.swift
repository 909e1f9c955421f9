#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// The logarithm of softmax along an axis.
struct LogSoftmaxDefinition: OperationDefinition {
  let axis: Int

  var name: String { "logSoftmax" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits {
    OperationTraits(grid: .prescribed(Quantization(scale: 1 / 16, zeroPoint: 127)))
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    try inputs.requireAxis(axis, rank: inputs[0].count)
    return [inputs[0]]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.logSoftmax(axis: axis) }
}

extension StepContext {
  /// `x − max − log Σ exp(x − max)` along `axis`.
  func logSoftmax(axis: Int) -> InterpreterStep {
    unsafe forEachLine(along: axis) { source, target, count, stride in
      let top = unsafe maximum(source, count, stride)
      var sum: Float = 0
      for k in 0..<count { unsafe sum += expf(source[k * stride] - top) }
      let logarithm = logf(sum)
      for k in 0..<count { unsafe target[k * stride] = source[k * stride] - top - logarithm }
    }
  }
}
