import OctetModel
import OctetRuntime

extension Lowering {
  /// Convolution, with the max pool that follows it when nothing else reads its result.
  mutating func lowerConvolution(
    _ index: Int, _ attributes: ConvolutionAttributes
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    let weighted = try weightedOperation(index, axis: 0)
    let shape = graph.tensors[node.inputs[1]].shape
    let convolved = graph.tensors[node.outputs[0]].shape
    var pool = PoolAttributes(kernel: Extent(1), stride: Extent(1))
    var output = node.outputs[0]
    if !graph.canWrap(node: index), let fused = fusablePool(after: node) {
      pool = fused.attributes
      output = graph.nodes[fused.node].outputs[0]
      absorbed.insert(fused.node)
    }
    let clamp = clampRange(attributes.activation, output: node.outputs[0])
    let poolClamp = clampRange(pool.activation, output: output)
    try append(
      .convolution, node, inputs: [node.inputs[0]], output: output,
      [
        .value(attributes.stride.height), .value(attributes.stride.width),
        .value(attributes.dilation.height), .value(attributes.dilation.width),
        .value(attributes.padding.top), .value(attributes.padding.left),
        .value(attributes.groups), .value(shape[1]), .value(shape[2]),
        .value(convolved[1]), .value(convolved[2]),
        .value(pool.kernel.height), .value(pool.kernel.width),
        .value(pool.stride.height), .value(pool.stride.width),
        .value(max(clamp.lower, poolClamp.lower)), .value(min(clamp.upper, poolClamp.upper)),
        .weights(weighted.weights), .biases(weighted.foldedBias),
        .words(weighted.multipliers), .bytes(weighted.shifts),
      ])
  }

  /// The max pool without padding that alone reads the node's result, at the same scale.
  private func fusablePool(after node: Node) -> (node: Int, attributes: PoolAttributes)? {
    guard let next = onlyConsumer(of: node.outputs[0]),
      case .maxPool(let pool) = graph.nodes[next].operation,
      pool.padding == Padding(), pool.dilation == Extent(1),
      graph.tensors[node.outputs[0]].quantization
        == graph.tensors[graph.nodes[next].outputs[0]].quantization
    else { return nil }
    return (next, pool)
  }
}
