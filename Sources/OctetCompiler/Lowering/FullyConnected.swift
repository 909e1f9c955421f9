import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerFullyConnected(
    _ index: Int, _ attributes: FullyConnectedAttributes
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    let weighted = try weightedOperation(index, axis: 0)
    let clamp = clampRange(attributes.activation, output: node.outputs[0])
    try append(
      .fullyConnected, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [
        .value(weighted.weightZeroPoint), .value(clamp.lower), .value(clamp.upper),
        .weights(weighted.weights), .biases(weighted.foldedBias),
        .words(weighted.multipliers), .bytes(weighted.shifts),
      ])
  }
}
