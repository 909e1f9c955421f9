import OctetModel

// Masks hide scores from a softmax by adding a number that leaves them no share.

extension Graph {
  /// Makes the hiding numbers of masks that are added to scores as small as they may be: −∞, or the
  /// lowest float, would leave no codes for the scores.
  ///
  /// Of sums with a constant of zeros and numbers of −10⁴ or less. The sum's values change where
  /// something is hidden; what a softmax makes of it does not, as far as int8 can show.
  package mutating func boundMasks() {
    replaceFreeNodes { graph, node in
      let masks = node.inputs.indices.filter { graph.tensors[node.inputs[$0]].floats != nil }
      guard node.operation == .add(.none), node.inputs.count == 2, masks.count == 1,
        let mask = graph.tensors[node.inputs[masks[0]]].floats,
        mask.contains(where: { $0 <= Self.hiding }),
        mask.allSatisfy({ $0 == 0 || $0 <= Self.hiding })
      else { return nil }
      return [
        graph.masked(
          node, node.inputs[1 - masks[0]], hiding: mask.map { $0 != 0 },
          graph.tensors[node.inputs[masks[0]]].shape)
      ]
    }
  }

  /// An addend as low as this hides a score: exporters write −∞, the lowest float, −10⁹ or −10⁴.
  package static var hiding: Float { -1e4 }
  /// What is so far below its own score has no share in a softmax that int8 can show.
  private static var hidden: Float { -16 }

  /// `node` as the sum of `source` and a mask of `shape`.
  package mutating func masked(
    _ node: Node, _ source: TensorIndex, hiding: [Bool], _ shape: [Int]
  ) -> Node {
    let mask = add(
      Tensor(
        name: "\(node.name)/mask", shape: shape,
        constant: .float(hiding.map { $0 ? Self.hidden : 0 })))
    var result = node
    result.operation = .add(.none)
    result.inputs = [source, mask]
    return result
  }
}
