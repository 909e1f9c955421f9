import OctetModel

extension Graph {
  /// Writes expansions and tilings as concatenations of a tensor with itself, one axis after the
  /// other.
  ///
  /// Up to 255 copies along an axis. Every output keeps its value and its bytes.
  package mutating func writeCopiesAsConcatenations() {
    replaceNodesOnGrids { graph, node in
      if case .tile(let counts) = node.operation { return graph.copies(node, counts) }
      guard case .expand(let shape) = node.operation else { return nil }
      let own = graph.tensors[node.inputs[0]].shape
      let wide = [Int](repeating: 1, count: shape.count - own.count) + own
      return graph.copies(node, shape.indices.map { wide[$0] == shape[$0] ? 1 : shape[$0] })
    }
  }

  private mutating func copies(_ node: Node, _ counts: [Int]) -> [Node]? {
    guard counts.allSatisfy({ (1...255).contains($0) }) else { return nil }
    var (source, shape) = (node.inputs[0], tensors[node.inputs[0]].shape)
    // An expansion may add dimensions in front.
    shape = [Int](repeating: 1, count: counts.count - shape.count) + shape
    var result = Replacement(of: node)
    let axes = shape.indices.filter { counts[$0] > 1 }
    if tensors[source].shape != shape {
      if axes.isEmpty { return result.ended(.reshape(shape), [source]) }
      source = result.add(.reshape(shape), [source], "wide", shape, to: &self)
    }
    for axis in axes {
      shape[axis] *= counts[axis]
      let copies = Operation.concatenation(axis: axis, activation: .none)
      let inputs = [TensorIndex](repeating: source, count: counts[axis])
      if axis == axes.last { return result.ended(copies, inputs) }
      source = result.add(copies, inputs, "copies\(axis)", shape, to: &self)
    }
    return result.ended(.identity, [source])
  }
}
