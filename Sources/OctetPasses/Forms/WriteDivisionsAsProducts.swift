import OctetModel

extension Graph {
  /// Writes each division as a product with the reciprocal: of constants, or looked up.
  ///
  /// A division by constants of which one is 0 stays. Outputs keep their values, but for the
  /// rounding of floats.
  package mutating func writeDivisionsAsProducts() {
    replaceFreeNodes { graph, node in
      guard case .divide(let activation) = node.operation else { return nil }
      let (x, divisor) = (node.inputs[0], node.inputs[1])
      var result = Replacement(of: node)
      if graph.tensors[divisor].constant == nil {
        let reciprocal = result.add(
          .scalar(.reciprocal), [divisor], "reciprocal", graph.tensors[divisor].shape, to: &graph)
        return result.ended(.multiply(activation), [x, reciprocal])
      }
      guard var reciprocal = graph.reciprocal(of: divisor) else { return nil }
      reciprocal.name += "/\(node.name)"
      return result.ended(.multiply(activation), [x, graph.add(reciprocal)])
    }
  }

  /// The reciprocals of a real constant, all finite; nil for others.
  package func reciprocal(of tensor: TensorIndex) -> Tensor? {
    guard let values = tensors[tensor].floats else { return nil }
    var result = tensors[tensor]
    result.name += "/reciprocal"
    let reciprocals = values.map { 1 / $0 }
    result.constant = .float(reciprocals)
    return reciprocals.allSatisfy(\.isFinite) ? result : nil
  }
}
