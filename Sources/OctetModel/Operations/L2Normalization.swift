/// `x / max(√Σ x², 10⁻⁶)` along the last axis.
struct L2NormalizationDefinition: OperationDefinition {
  var name: String { "l2Normalization" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits {
    OperationTraits(grid: .prescribed(Quantization(scale: 1 / 128, zeroPoint: 0)))
  }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.reals()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    try inputs.requireAxis(0, rank: inputs[0].count)
    return [inputs[0]]
  }

  func step(_ context: StepContext) -> InterpreterStep { context.l2Normalization() }
}

extension StepContext {
  func l2Normalization() -> InterpreterStep {
    unsafe forEachLine(along: x.shape.count - 1) { source, target, count, stride in
      var sum: Float = 0
      for k in 0..<count { unsafe sum += source[k * stride] * source[k * stride] }
      let norm = max(sum.squareRoot(), 1e-6)
      for k in 0..<count { unsafe target[k * stride] = source[k * stride] / norm }
    }
  }
}
