import OctetModel

extension Graph {
  /// Writes a power with one constant exponent, and a parametric ReLU with one slope for all, as a
  /// function of the other operand with a parameter.
  ///
  /// Outputs keep their values.
  package mutating func takeConstantsAsParameters() {
    replaceFreeNodes { graph, node in
      guard node.inputs.count == 2, let values = graph.tensors[node.inputs[1]].floats,
        let value = values.first
      else { return nil }
      var function = node
      function.inputs = [node.inputs[0]]
      if node.operation == .power, values.count == 1,
        graph.tensors[node.inputs[0]].shape == graph.tensors[node.outputs[0]].shape
      {
        function.operation = .scalar(.power(exponent: value))
      } else if node.operation == .prelu, value.isFinite, values.allSatisfy({ $0 == value }) {
        function.operation = .scalar(.leakyRelu(alpha: value))
      } else {
        return nil
      }
      return [function]
    }
  }
}
