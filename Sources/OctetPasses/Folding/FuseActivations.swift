import OctetModel

/// When a node may clamp its own result instead of an activation after it.
package enum ActivationFusion: Sendable {
  /// No value between the two has a grid. Reshapes and transpositions may stand there.
  case betweenReals
  /// The activation's result has a grid, and its operand has none or the same: rounding to a grid
  /// and clamping can be exchanged.
  case beforeRounding
}

extension Graph {
  /// Fuses relu, relu6 and clip into the node that makes their operand.
  ///
  /// The operand must have no other reader and be no output. Values stay as they are, those between
  /// apart, which are no more.
  package mutating func fuseActivations(_ fusion: ActivationFusion) {
    var producers = producers()
    let consumers = consumers()
    let ends = Set(outputs)
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() {
      guard let activation = node.operation.asActivation,
        let way = maker(of: node, fusion, producers, consumers, ends),
        let fused = nodes[way.first].operation.fusing(activation)
      else { continue }
      nodes[way.first].operation = fused
      nodes[way.last].outputs = node.outputs
      producers[node.outputs[0]] = way.last
      removed.insert(index)
    }
    removeNodes(removed)
  }

  /// The node that makes the elements of an activation's operand, and the last that moves them.
  private func maker(
    of activation: Node, _ fusion: ActivationFusion, _ producers: [Int?], _ consumers: [[Int]],
    _ ends: Set<TensorIndex>
  ) -> (first: Int, last: Int)? {
    let grid = tensors[activation.outputs[0]].quantization
    if fusion == .beforeRounding, grid == nil { return nil }
    var tensor = activation.inputs[0]
    var last: Int?
    while let producer = producers[tensor], consumers[tensor].count == 1, !ends.contains(tensor),
      isFree(tensor) || fusion == .beforeRounding && tensors[tensor].quantization == grid
    {
      let end = last ?? producer
      guard fusion == .betweenReals, nodes[producer].operation.isReordering else {
        return (producer, end)
      }
      (tensor, last) = (nodes[producer].inputs[0], end)
    }
    return nil
  }
}

extension Operation {
  fileprivate var isReordering: Bool {
    if case .transpose = self { true } else { isReshape }
  }
}
