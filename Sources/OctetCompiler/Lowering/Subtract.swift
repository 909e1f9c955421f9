import OctetModel
import OctetRuntime

extension Lowering {
  /// As an addition, but TensorFlow Lite forms the factors in float32.
  mutating func lowerSubtract(_ index: Int, _ activation: Activation) throws(CompilerError) {
    let node = graph.nodes[index]
    let (a, b) = (scale(node.inputs[0]), scale(node.inputs[1]))
    let twice = 2 * max(a, b)
    try appendSum(
      .subtract, node, activation, a: Double(a / twice), b: Double(b / twice),
      output: Double(twice / (Float(1 << sumLeftShift) * scale(node.outputs[0]))))
  }
}
