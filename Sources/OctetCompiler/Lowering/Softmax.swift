import OctetModel
import OctetRuntime

extension Lowering {
  /// Softmax over the last axis.
  mutating func lowerSoftmax(
    _ index: Int, axis: Int, beta: Float
  ) throws(CompilerError) {
    let (multiplier, differenceMinimum) = try differenceScaling(index, axis: axis, beta: beta)
    let node = graph.nodes[index]
    try append(
      .softmax, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [
        .value(Int(multiplier.multiplier)), .value(Int(multiplier.shift)),
        .value(differenceMinimum),
      ])
  }

  /// The logarithm of softmax over the last axis.
  mutating func lowerLogSoftmax(_ index: Int, axis: Int) throws(CompilerError) {
    let (multiplier, differenceMinimum) = try differenceScaling(index, axis: axis, beta: 1)
    let inverse = FixedPointMultiplier(
      Double(sign: .plus, exponent: 31 - Int(multiplier.shift), significand: 1)
        / Double(multiplier.multiplier))
    let node = graph.nodes[index]
    try append(
      .logSoftmax, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [
        .value(Int(multiplier.multiplier)), .value(Int(multiplier.shift)),
        .value(differenceMinimum), .value(Int(inverse.multiplier)), .value(Int(inverse.shift)),
      ])
  }

  /// What takes differences of scores to Q5.26, and the least difference that it can take there.
  private func differenceScaling(
    _ index: Int, axis: Int, beta: Float
  ) throws(CompilerError) -> (FixedPointMultiplier, differenceMinimum: Int) {
    let node = graph.nodes[index]
    let name = node.operation.name
    guard axis == graph.tensors[node.inputs[0]].shape.count - 1 else {
      throw .invalid(node: node.name, reason: "\(name) must be over the last axis")
    }
    if let needed = node.operation.fixedOutputQuantization,
      graph.tensors[node.outputs[0]].quantization != needed
    {
      throw .invalid(
        node: node.name,
        reason: "\(name)'s output must have scale \(needed.scales[0]), zero point "
          + "\(needed.zeroPoints[0])")
    }
    let integerBits = 5
    let real = Double(beta) * Double(scale(node.inputs[0])) * Double(1 << (31 - integerBits))
    guard real > 1 else {
      throw .invalid(node: node.name, reason: "\(name)'s input scale is too small")
    }
    let multiplier = FixedPointMultiplier(min(real, Double((1 << 31) - 1)))
    let radius =
      Double((1 << integerBits) - 1) * Double(1 << (31 - integerBits))
      / Double(1 << Int(multiplier.shift))
    return (multiplier, max(-255, -Int(radius.rounded(.down))))
  }
}
