import OctetModel

extension Graph {
  /// Writes padding with what is there (reflected, repeated, wrapped around) as concatenations of
  /// slices, one axis after the other.
  ///
  /// Padding with a number stays, and padding further than the tensor reaches, or of 255 elements
  /// and more. Every output keeps its value and its bytes.
  package mutating func writePadsAsConcatenations() {
    replaceNodesOnGrids { graph, node in
      guard case .pad(let before, let after, let mode) = node.operation else { return nil }
      return graph.concatenations(node, before: before, after: after, mode)
    }
  }

  private mutating func concatenations(
    _ node: Node, before: [Int], after: [Int], _ mode: PadMode
  ) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    // What an axis of n elements has to give on each side.
    func most(_ n: Int) -> Int? {
      switch mode {
      case .reflect: n - 1
      case .edge: 254
      case .wrap: n
      case .constant: nil
      }
    }
    let axes = shape.indices.filter { before[$0] != 0 || after[$0] != 0 }
    for axis in axes {
      guard let most = most(shape[axis]), (0...most).contains(before[axis]),
        (0...most).contains(after[axis]), before[axis] + after[axis] < 255
      else { return nil }
    }
    var result: [Node] = []
    var source = node.inputs[0]
    for axis in axes {
      let isLast = axis == axes.last
      var padded = tensors[source].shape
      padded[axis] += before[axis] + after[axis]
      let target = isLast ? node.outputs[0] : between(node, "\(axis)", padded)
      var parts: [TensorIndex] = []
      for side in [before[axis], 0, -after[axis]] {
        if side == 0 {
          if parts.last != source { parts.append(source) }
          continue
        }
        let slice = slice(node, source, axis: axis, side: side, mode)
        let copies = mode == .edge ? abs(side) : 1
        parts += [TensorIndex](repeating: slice.outputs[0], count: copies)
        result.append(slice)
      }
      result.append(
        Node(
          name: isLast ? node.name : "\(node.name)/\(axis)",
          operation: .concatenation(axis: axis, activation: .none), inputs: parts,
          outputs: [target]))
      source = target
    }
    return result.isEmpty ? nil : result
  }

  /// What stands before an axis (`side` > 0 elements of it) or after it (−`side`).
  private mutating func slice(
    _ node: Node, _ source: TensorIndex, axis: Int, side: Int, _ mode: PadMode
  ) -> Node {
    let shape = tensors[source].shape
    let n = shape[axis]
    var begin = [Int](repeating: 0, count: shape.count)
    var stride = [Int](repeating: 1, count: shape.count)
    var count = shape
    count[axis] = mode == .edge ? 1 : abs(side)
    switch mode {
    case .reflect:
      begin[axis] = side > 0 ? side : n - 2
      stride[axis] = -1
    case .wrap: begin[axis] = side > 0 ? n - side : 0
    default: begin[axis] = side > 0 ? 0 : n - 1
    }
    let name = "\(axis).\(side > 0 ? "before" : "after")"
    let output = between(node, name, count)
    return Node(
      name: "\(node.name)/\(name)",
      operation: .slice(begin: begin, count: count, stride: stride), inputs: [source],
      outputs: [output])
  }
}
