import OctetModel

extension Graph {
  /// Writes each choice by a constant as a mask where it hides, else as a sum of products with ones
  /// and zeros.
  ///
  /// A choice by computed conditions stays, and one between constants other than zeros. Outputs
  /// keep their values, but for hidden ones, which are as `boundMasks()` has them.
  package mutating func writeSelectionsAsProducts() {
    replaceFreeNodes { graph, node in
      guard node.operation == .select,
        case .int64(let flags) = graph.tensors[node.inputs[0]].constant
      else { return nil }
      let shape = graph.tensors[node.inputs[0]].shape
      for (kept, other) in [(1, 2), (2, 1)] {
        if let values = graph.tensors[node.inputs[other]].floats, !values.isEmpty,
          values.allSatisfy({ $0 <= Self.hiding }), graph.tensors[node.inputs[kept]].constant == nil
        {
          let hiding = flags.map { ($0 == 0) == (kept == 1) }
          return [graph.masked(node, node.inputs[kept], hiding: hiding, shape)]
        }
      }
      return graph.products(node, flags, shape)
    }
  }

  private mutating func products(_ node: Node, _ flags: [Int64], _ shape: [Int]) -> [Node]? {
    var parts: [TensorIndex] = []
    var result: [Node] = []
    for (position, takes) in [(1, true), (2, false)] {
      let source = node.inputs[position]
      if tensors[source].floats?.allSatisfy({ $0 == 0 }) == true { continue }
      guard tensors[source].constant == nil else { return nil }
      let factors = add(
        Tensor(
          name: "\(node.name)/factors\(position)", shape: shape,
          constant: .float(flags.map { ($0 != 0) == takes ? 1 : 0 })))
      parts.append(between(node, "part\(position)", tensors[node.outputs[0]].shape))
      result.append(
        Node(
          name: "\(node.name)/part\(position)", operation: .multiply(.none),
          inputs: [source, factors], outputs: [parts[parts.count - 1]]))
    }
    guard let last = result.indices.last else { return nil }
    if parts.count == 1 {
      result[last].outputs = node.outputs
    } else {
      result.append(
        Node(name: node.name, operation: .add(.none), inputs: parts, outputs: node.outputs))
    }
    return result
  }
}
