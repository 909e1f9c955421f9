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

  /// Makes every reader of `old` read `new`, and renames `new` where `old` was a graph output so
  /// that outputs keep their names.
  mutating func replace(_ old: TensorIndex, with new: TensorIndex) {
    for index in nodes.indices {
      for input in nodes[index].inputs.indices where nodes[index].inputs[input] == old {
        nodes[index].inputs[input] = new
      }
    }
    for output in outputs.indices where outputs[output] == old { outputs[output] = new }
  }

  /// Removes `identity` nodes, except one that leads straight from a graph input to an output.
  mutating func removeIdentities() {
    var kept: [Node] = []
    var removed: [(TensorIndex, TensorIndex)] = []
    for node in nodes {
      if case .identity = node.operation, !inputs.contains(node.inputs[0]),
        tensors[node.inputs[0]].quantization == tensors[node.outputs[0]].quantization
      {
        removed.append((node.outputs[0], node.inputs[0]))
      } else {
        kept.append(node)
      }
    }
    nodes = kept
    // In reverse, so that chains end at the first tensor.
    for (old, new) in removed.reversed() { replace(old, with: new) }
  }

  /// Fuses relu, relu6 and clip into the node before, when that node's result has no other reader.
  mutating func fuseActivations() {
    var index = 0
    while index < nodes.count {
      let node = nodes[index]
      guard let activation = node.operation.asActivation,
        let producer = producers()[node.inputs[0]],
        consumers()[node.inputs[0]].count == 1, !outputs.contains(node.inputs[0]),
        isFree(node.inputs[0]), let fused = nodes[producer].operation.fusing(activation)
      else {
        index += 1
        continue
      }
      nodes[producer].operation = fused
      nodes[producer].outputs = node.outputs
      nodes.remove(at: index)
    }
  }
}
