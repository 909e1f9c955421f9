import OctetModel
import OctetRuntime

extension Lowering {
  /// Softmax over the last axis.
  mutating func lowerSoftmax(
    _ index: Int, axis: Int, beta: Float
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    guard axis == graph.tensors[node.inputs[0]].shape.count - 1 else {
      throw .invalid(node: node.name, reason: "softmax must be over the last axis")
    }
    let output = graph.tensors[node.outputs[0]].quantization
    guard output == Quantization(scale: 1 / 256, zeroPoint: -128) else {
      throw .invalid(node: node.name, reason: "softmax's output must have scale 1/256, zero −128")
    }
    // Differences are scaled to Q5.26.
    let integerBits = 5
    let real = Double(beta) * Double(scale(node.inputs[0])) * Double(1 << (31 - integerBits))
    guard real > 1 else {
      throw .invalid(node: node.name, reason: "softmax's input scale is too small")
    }
    let multiplier = FixedPointMultiplier(min(real, Double((1 << 31) - 1)))
    let radius =
      Double((1 << integerBits) - 1) * Double(1 << (31 - integerBits))
      / Double(1 << Int(multiplier.shift))
    try append(
      .softmax, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [
        .value(Int(multiplier.multiplier)), .value(Int(multiplier.shift)),
        .value(max(-255, -Int(radius.rounded(.down)))),
      ])
  }
}
