import OctetModel

extension Graph {
  /// The form that quantization works on: batch normalization, and constants that its result is
  /// multiplied with or added to, folded into the weights before it,
  /// what has no int8 operator written as what has, activations fused into the node that makes
  /// their input, identities gone, constants that nothing reads left out. Computes the same
  /// function; grids that tensors have stay.
  public func simplified() -> Graph {
    var graph = self
    graph.removeIdentities()
    graph.gatherAffineSteps()
    graph.foldBatchNormalizations()
    graph.writeIntegerForms()
    graph.writeVariancesAsProducts()
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

  /// Fuses relu, relu6 and clip into the node before, when that node's result has no other reader,
  /// also where it is reshaped and transposed on the way.
  mutating func fuseActivations() {
    var producers = producers()
    let consumers = consumers()
    let ends = Set(outputs)
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() {
      guard let activation = node.operation.asActivation,
        let way = producerThroughMoves(node.inputs[0], producers, consumers, ends),
        let fused = nodes[way.producer].operation.fusing(activation)
      else { continue }
      nodes[way.producer].operation = fused
      nodes[way.last].outputs = node.outputs
      producers[node.outputs[0]] = way.last
      removed.insert(index)
    }
    nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
  }

  /// The node whose elements the tensor holds, and the last that moves them, where no value on the
  /// way has another reader or a grid.
  private func producerThroughMoves(
    _ tensor: TensorIndex, _ producers: [Int?], _ consumers: [[Int]], _ ends: Set<TensorIndex>
  ) -> (producer: Int, last: Int)? {
    var (tensor, last): (TensorIndex, Int?) = (tensor, nil)
    while let producer = producers[tensor], consumers[tensor].count == 1, isFree(tensor),
      !ends.contains(tensor)
    {
      let end = last ?? producer
      var moves = false
      if case .reshape = nodes[producer].operation { moves = true }
      if case .transpose = nodes[producer].operation { moves = true }
      guard moves else { return (producer, end) }
      (tensor, last) = (nodes[producer].inputs[0], end)
    }
    return nil
  }
}
