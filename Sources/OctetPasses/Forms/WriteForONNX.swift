import OctetModel

extension Graph {
  /// Writes operations that TensorFlow Lite has and ONNX has not as several nodes: squared
  /// differences, and normalization of rows by their length.
  ///
  /// Of a graph in floats. Outputs keep their values, but for the rounding of floats.
  package mutating func writeForONNX() {
    var names = UniqueNames(Set(tensors.map(\.name)))
    var nodeNames = UniqueNames(Set(nodes.map(\.name)))
    replaceNodes { graph, _, node in
      var result: [Node] = []
      func part(
        _ name: String, _ operation: Operation, _ inputs: [TensorIndex], _ shape: [Int]
      ) -> TensorIndex {
        let output = graph.add(Tensor(name: names.take("\(node.name)/\(name)"), shape: shape))
        result.append(
          Node(
            name: nodeNames.take("\(node.name)/\(name)"), operation: operation, inputs: inputs,
            outputs: [output]))
        return output
      }
      func ended(_ operation: Operation, _ inputs: [TensorIndex]) -> [Node] {
        result + [
          Node(name: node.name, operation: operation, inputs: inputs, outputs: node.outputs)
        ]
      }
      let shape = graph.tensors[node.outputs[0]].shape
      if node.operation == .squaredDifference {
        let difference = part("difference", .subtract(.none), node.inputs, shape)
        return ended(.multiply(.none), [difference, difference])
      }
      guard case .l2Normalization(let attributes) = node.operation else { return nil }
      let x = node.inputs[0]
      let one: [Int] = shape.dropLast() + [1]
      let square = part("square", .multiply(.none), [x, x], shape)
      var sum = part(
        "sum", .reduce(.sum, axes: [shape.count - 1], keepsDimensions: true), [square], one)
      func number(_ name: String, _ value: Float) -> TensorIndex {
        graph.add(
          Tensor(
            name: names.take("\(node.name)/\(name)"), shape: [1], constant: .float([value])))
      }
      if attributes.epsilon > 0 {
        sum = part("bounded", .add(.none), [sum, number("epsilon", attributes.epsilon)], one)
      }
      var norm = part("root", .scalar(.squareRoot), [sum], one)
      if attributes.epsilon == 0 {
        norm = part(
          "norm", .scalar(.clip(lower: 1e-6, upper: .greatestFiniteMagnitude)), [norm], one)
      }
      if attributes.gain != 1 {
        norm = part("share", .multiply(.none), [norm, number("gain", 1 / attributes.gain)], one)
      }
      return ended(.divide(.none), [x, norm])
    }
  }
}
