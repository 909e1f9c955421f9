import OctetModel
import OctetRuntime

extension Lowering {
  /// Softmax over the last axis.
  mutating func lowerSoftmax(
    _ index: Int, axis: Int, beta: Float
  ) throws(CompilerError) {
    let (multiplier, differenceMinimum) = try differenceScaling(index, axis: axis, beta: beta)
    let node = graph.nodes[index]
    let output = try outputScaling(node, from: 0x1p-20)
    try append(
      .softmax, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [
        .value(Int(multiplier.multiplier)), .value(Int(multiplier.shift)),
        .value(differenceMinimum), .value(Int(output.multiplier)), .value(Int(output.shift)),
      ])
  }

  /// The logarithm of softmax over the last axis.
  mutating func lowerLogSoftmax(_ index: Int, axis: Int) throws(CompilerError) {
    let (multiplier, differenceMinimum) = try differenceScaling(index, axis: axis, beta: 1)
    let inverse = FixedPointMultiplier(
      Double(sign: .plus, exponent: 31 - Int(multiplier.shift), significand: 1)
        / Double(multiplier.multiplier))
    let node = graph.nodes[index]
    let output = try outputScaling(node, from: 0x1p-26)
    try append(
      .logSoftmax, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [
        .value(Int(multiplier.multiplier)), .value(Int(multiplier.shift)),
        .value(differenceMinimum), .value(Int(output.multiplier)), .value(Int(output.shift)),
        .value(Int(inverse.multiplier)), .value(Int(inverse.shift)),
      ])
  }

  /// What takes results in steps of `unit` to the output's scale; 0 for the one that TensorFlow
  /// Lite prescribes.
  private func outputScaling(
    _ node: Node, from unit: Double
  ) throws(CompilerError) -> FixedPointMultiplier {
    let needed = node.operation.fixedOutputQuantization
    if let needed, graph.tensors[node.outputs[0]].quantization == needed {
      return FixedPointMultiplier(multiplier: 0, shift: 0)
    }
    guard graph.metadata.roundsOnce else {
      throw .invalid(
        node: node.name,
        reason: "\(node.operation.name)'s output must have scale \(needed?.scales[0] ?? 0), zero "
          + "point \(needed?.zeroPoints[0] ?? 0)")
    }
    let by = FixedPointMultiplier(unit / Double(scale(node.outputs[0])))
    guard by.shift <= 0, by.multiplier > 0 else {
      throw .invalid(node: node.name, reason: "its output scale is too small or too large")
    }
    return by
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
