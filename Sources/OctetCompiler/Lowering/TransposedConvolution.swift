import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerTransposedConvolution(
    _ index: Int, _ attributes: TransposedConvolutionAttributes
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    let weighted = try weightedOperation(index, axis: 0)
    let shape = graph.tensors[node.inputs[1]].shape
    let clamp = clampRange(attributes.activation, output: node.outputs[0])
    try append(
      .transposedConvolution, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [
        .value(attributes.stride.height), .value(attributes.stride.width),
        .value(attributes.dilation.height), .value(attributes.dilation.width),
        .value(attributes.padding.top), .value(attributes.padding.left),
        .value(attributes.groups), .value(shape[1]), .value(shape[2]),
        .value(clamp.lower), .value(clamp.upper),
        .weights(weighted.weights), .biases(weighted.bias),
        .words(weighted.multipliers), .bytes(weighted.shifts),
      ])
  }
}
