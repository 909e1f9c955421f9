import OctetRuntime

// TensorFlow Lite's kernels whose rounding is off the nearest code by so much in the mean that what
// comes after them has to know. All others round the nearest, or nearly so.
//
// | node | what its kernel does |
// |---|---|
// | averagePool | every fourth mean of four codes lies halfway: the code farther from 0 |
// | quantize, int8 to int8 | the product and its shift are rounded each, halves away from 0 |
//
// With a ratio of scales in ¼ ..< ½ every second code lies halfway once the product is rounded.

extension FloatInterpreter {
  /// Rounds what node `node` made as its kernel does; nil where the nearest code is right.
  static func kernelStep(
    _ graph: Graph, _ node: Node, _ buffers: [TensorBuffer]
  ) -> InterpreterStep? {
    guard graph.arithmetic == .tensorFlowLite, let input = node.inputs.first else { return nil }
    let (source, target) = (graph.tensors[input], graph.tensors[node.outputs[0]])
    guard source.elementType == .int8, target.elementType == .int8,
      let from = source.quantization, let to = target.quantization, from.axis == nil,
      to.axis == nil
    else { return nil }
    let buffer = buffers[node.outputs[0]]
    if case .averagePool = node.operation, from == to { return roundMeans(buffer, to) }
    if node.operation == .quantize { return requantize(buffer, from, to) }
    return nil
  }

  private static func roundMeans(
    _ buffer: TensorBuffer, _ grid: Quantization
  ) -> InterpreterStep {
    let (scale, zeroPoint) = (grid.scales[0], grid.zeroPoints[0])
    return {
      for index in 0..<buffer.count {
        let mean = unsafe Double(buffer.base[index] / scale) + Double(zeroPoint)
        // Halves of a quotient in 32 bits lie beside the tie.
        let code = TieRule.awayFromZero.code(steps: mean + (mean < 0 ? -1e-4 : 1e-4))
        unsafe buffer.base[index] = Float(code - zeroPoint) * scale
      }
    }
  }

  private static func requantize(
    _ buffer: TensorBuffer, _ from: Quantization, _ to: Quantization
  ) -> InterpreterStep {
    let by = FixedPointMultiplier(Double(from.scales[0]) / Double(to.scales[0]))
    let (least, most) = (-128 - to.zeroPoints[0], 127 - to.zeroPoints[0])
    return {
      for index in 0..<buffer.count {
        let steps = unsafe TieRule.toEven.code(
          steps: Double(buffer.base[index] / from.scales[0]), in: -255...255)
        let code = max(least, min(most, OctetRuntime.requantize(steps, by)))
        unsafe buffer.base[index] = Float(code) * to.scales[0]
      }
    }
  }
}
