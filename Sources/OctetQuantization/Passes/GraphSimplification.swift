import OctetModel

extension Graph {
  /// The form that quantization works on: batch normalization folded into the weights before it,
  /// what has no int8 operator written as what has, activations fused into the node that makes
  /// their input, identities gone, constants that nothing reads left out. Computes the same
  /// function; grids that tensors have stay.
  public func simplified() -> Graph {
    var graph = self
    graph.removeIdentities()
    graph.foldBatchNormalizations()
    graph.writeIntegerForms()
    graph.fuseActivations()
    return graph.canonical()
  }

  /// Removes `identity` nodes, except one that leads straight from a graph input or a constant to
  /// an output.
  mutating func removeIdentities() {
    let ends = Set(outputs)
    let starts = Set(inputs)
    var source: [TensorIndex: TensorIndex] = [:]
    var kept: [Node] = []
    for node in nodes {
      let input = source[node.inputs[0]] ?? node.inputs[0]
      if case .identity = node.operation, !starts.contains(node.inputs[0]),
        tensors[input].constant == nil || !ends.contains(node.outputs[0]),
        tensors[input].quantization == tensors[node.outputs[0]].quantization
      {
        source[node.outputs[0]] = input
      } else {
        kept.append(node)
      }
    }
    nodes = kept
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { source[$0] ?? $0 }
    }
    outputs = outputs.map { source[$0] ?? $0 }
  }

  /// Fuses relu, relu6 and clip into the node before, when that node's result has no other reader.
  mutating func fuseActivations() {
    var producers = producers()
    let consumers = consumers()
    let ends = Set(outputs)
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() {
      guard let activation = node.operation.asActivation, let producer = producers[node.inputs[0]],
        consumers[node.inputs[0]].count == 1, !ends.contains(node.inputs[0]),
        isFree(node.inputs[0]), let fused = nodes[producer].operation.fusing(activation)
      else { continue }
      nodes[producer].operation = fused
      nodes[producer].outputs = node.outputs
      producers[node.outputs[0]] = producer
      removed.insert(index)
    }
    nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
  }
}
