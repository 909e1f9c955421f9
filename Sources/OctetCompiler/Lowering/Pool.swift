import OctetModel
import OctetRuntime

extension Lowering {
  /// Max or average pool, `kind`: they keep scale and zero point, and have the same parameters but
  /// for how an average rounds.
  mutating func lowerPool(
    _ index: Int, _ kind: OperatorKind, _ attributes: PoolAttributes
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    guard
      graph.tensors[node.inputs[0]].quantization == graph.tensors[node.outputs[0]].quantization
    else {
      throw .invalid(node: node.name, reason: "its input and output have different scales")
    }
    if attributes.countsPadding, attributes.padding != Padding() {
      throw .invalid(
        node: node.name, reason: "an average over padding has no operator; pad before the pool")
    }
    let clamp = clampRange(attributes.activation, output: node.outputs[0])
    let rounding = kind == .averagePool ? [graph.metadata.roundsOnce ? 1 : 0] : []
    try append(
      kind, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [
        .value(attributes.stride.height), .value(attributes.stride.width),
        .value(attributes.dilation.height), .value(attributes.dilation.width),
        .value(attributes.padding.top), .value(attributes.padding.left),
        .value(attributes.kernel.height), .value(attributes.kernel.width),
        .value(clamp.lower), .value(clamp.upper),
      ] + rounding.map { .value($0) })
  }
}
