import OctetModel

extension Graph {
  /// The graph with operations that TensorFlow Lite has and ONNX has not as several nodes.
  func withONNXForms() -> Graph {
    guard nodes.contains(where: { $0.operation.lacksONNXForm }) else { return self }
    var graph = self
    graph.nodes = []
    for node in nodes {
      if node.operation == .squaredDifference {
        let shape = tensors[node.outputs[0]].shape
        let difference = graph.part(of: node, "difference", .subtract(.none), node.inputs, shape)
        graph.finish(node, .multiply(.none), [difference, difference])
      } else if node.operation == .l2Normalization {
        let shape = tensors[node.inputs[0]].shape
        let one: [Int] = shape.dropLast() + [1]
        let x = node.inputs[0]
        let square = graph.part(of: node, "square", .multiply(.none), [x, x], shape)
        let sum = graph.part(
          of: node, "sum", .reduce(.sum, axes: [shape.count - 1], keepsDimensions: true), [square],
          one)
        let root = graph.part(of: node, "root", .scalar(.squareRoot), [sum], one)
        let norm = graph.part(
          of: node, "norm", .scalar(.clip(lower: 1e-6, upper: .greatestFiniteMagnitude)), [root],
          one)
        graph.finish(node, .divide(.none), [x, norm])
      } else {
        graph.nodes.append(node)
      }
    }
    return graph
  }

  mutating func part(
    of node: Node, _ name: String, _ operation: Operation, _ inputs: [TensorIndex], _ shape: [Int]
  ) -> TensorIndex {
    var names = UniqueNames()
    for tensor in tensors { _ = names.take(tensor.name) }
    let output = add(Tensor(name: names.take("\(node.name)/\(name)"), shape: shape))
    var nodeNames = UniqueNames()
    for other in nodes { _ = nodeNames.take(other.name) }
    nodes.append(
      Node(
        name: nodeNames.take("\(node.name)/\(name)"), operation: operation, inputs: inputs,
        outputs: [output]))
    return output
  }

  mutating func finish(_ node: Node, _ operation: Operation, _ inputs: [TensorIndex]) {
    var last = node
    (last.operation, last.inputs) = (operation, inputs)
    nodes.append(last)
  }
}

extension Operation {
  fileprivate var lacksONNXForm: Bool { self == .squaredDifference || self == .l2Normalization }
}
