import OctetModel
import OctetRuntime

extension Lowering {
  /// ReLU, ReLU6 and any clipping, with the change of scale.
  mutating func lowerRelu(_ index: Int, _ activation: Activation) throws(CompilerError) {
    let node = graph.nodes[index]
    let by = try lookupMultiplier(
      node, Double(scale(node.inputs[0])) / Double(scale(node.outputs[0])))
    try appendLookup(node, range: clampRange(activation, output: node.outputs[0])) {
      requantize($0, by)
    }
  }
}
