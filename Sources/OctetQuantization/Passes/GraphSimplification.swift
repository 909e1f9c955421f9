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

  /// Fuses relu, relu6 and clip into the node before, when that node's result has no other reader,
  /// also where it is reshaped and transposed on the way.
  mutating func fuseActivations() {
    var index = 0
    while index < nodes.count {
      let node = nodes[index]
      guard let activation = node.operation.asActivation,
        let way = producerThroughMoves(node.inputs[0]),
        let fused = nodes[way.producer].operation.fusing(activation)
      else {
        index += 1
        continue
      }
      nodes[way.producer].operation = fused
      nodes[way.last].outputs = node.outputs
      nodes.remove(at: index)
    }
  }

  /// The node whose elements the tensor holds, and the last that moves them, where no value on the
  /// way has another reader or a grid.
  private func producerThroughMoves(_ tensor: TensorIndex) -> (producer: Int, last: Int)? {
    let (producers, consumers) = (producers(), consumers())
    var (tensor, last): (TensorIndex, Int?) = (tensor, nil)
    while let producer = producers[tensor], consumers[tensor].count == 1, isFree(tensor),
      !outputs.contains(tensor)
    {
      let end = last ?? producer
      switch nodes[producer].operation {
      case .reshape, .transpose: (tensor, last) = (nodes[producer].inputs[0], end)
      default: return (producer, end)
      }
    }
    return nil
  }
}
