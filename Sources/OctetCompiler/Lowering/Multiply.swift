import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerMultiply(_ index: Int, _ activation: Activation) throws(CompilerError) {
    let node = graph.nodes[index]
    let real =
      Double(scale(node.inputs[0])) * Double(scale(node.inputs[1]))
      / Double(scale(node.outputs[0]))
    let by = FixedPointMultiplier(real)
    // |product| ≤ 255² < 2¹⁶ must stay below 2³¹ after the left shift where TensorFlow Lite's
    // wrapping is not the model's own.
    guard by.shift <= 14 || !graph.metadata.roundsOnce else {
      throw .invalid(node: node.name, reason: "its output scale is far too small for its inputs")
    }
    let clamp = clampRange(activation, output: node.outputs[0])
    try append(
      .multiply, node, inputs: node.inputs, output: node.outputs[0],
      [
        .value(Int(by.multiplier)), .value(Int(by.shift)), .value(clamp.lower),
        .value(clamp.upper),
      ])
  }
}
