import OctetModel

extension Graph {
  /// Writes depthwise convolutions of one channel as the convolutions that they are, whose kernels
  /// share values among the outputs and need no spare memory: of int8 with int8 weights, which they
  /// take in the other order, as constants of their own.
  ///
  /// Every output keeps its bytes.
  package func withSingleChannelsAsConvolutions() -> Graph {
    var graph = self
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard case .depthwiseConvolution(var attributes) = node.operation, node.inputs.count > 1,
        graph.tensors[node.inputs[0]].elementType == .int8,
        graph.tensors[node.inputs[0]].shape.last == 1
      else { continue }
      var weights = graph.tensors[node.inputs[1]]
      guard case .int8(let codes) = weights.constant, weights.shape.count == 4,
        weights.shape[3] > 1
      else { continue }
      let count = weights.shape[3]
      weights.shape = [count, weights.shape[1], weights.shape[2], 1]
      if weights.quantization?.axis != nil { weights.quantization?.axis = 0 }
      weights.constant = .int8(
        (0..<count).flatMap { channel in
          stride(from: channel, to: codes.count, by: count).map { codes[$0] }
        })
      attributes.groups = 1
      graph.nodes[index].operation = .convolution(attributes)
      graph.nodes[index].inputs[1] = graph.add(weights)
    }
    return graph
  }
}
