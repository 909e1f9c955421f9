import OctetModel

// How a definition adds to the graph what its call computes.

extension TFLiteCall {
  /// The graph's tensor for an operand.
  func operand(_ position: Int) throws(TFLiteRefusal) -> TensorIndex {
    try importer.tensor(try inputIndex(position))
  }

  /// The graph's tensors for the first operands.
  func operands(_ count: Int) throws(TFLiteRefusal) -> [TensorIndex] {
    try (0..<count).map { position throws(TFLiteRefusal) in try operand(position) }
  }

  /// The graph's tensor for the first result.
  func result() throws(TFLiteRefusal) -> TensorIndex { try importer.tensor(node.outputs[0]) }

  /// A tensor of the graph as it is so far.
  func tensor(_ index: TensorIndex) -> Tensor { importer.graph.tensors[index] }

  /// Adds a node that makes the call's results from its first operands, or from `inputs`.
  func append(
    _ operation: Operation, inputCount: Int = 1, inputs: [TensorIndex]? = nil
  ) throws(TFLiteRefusal) {
    let operands =
      if let inputs { inputs } else { try self.operands(inputCount) }
    let outputs = try node.outputs.map { index throws(TFLiteRefusal) in
      try importer.tensor(index)
    }
    let made = Node(name: name, operation: operation, inputs: operands, outputs: outputs)
    importer.graph.nodes.append(made)
    for (position, shape) in try shapes(of: made).enumerated() {
      try settle(node.outputs[position], tensor(outputs[position]).shape, shape)
    }
  }

  /// Adds a node before the call's last. Its result has the type and grid of `like`, or else of the
  /// first input.
  func step(
    _ operation: Operation, _ inputs: [TensorIndex], _ suffix: String, like: TensorIndex? = nil
  ) throws(TFLiteRefusal) -> TensorIndex {
    var held = tensor(like ?? inputs[0])
    (held.name, held.constant) = (name + suffix, nil)
    let output = importer.addTensor(held)
    let made = Node(
      name: importer.uniqueNodeName(name + suffix), operation: operation, inputs: inputs,
      outputs: [output])
    importer.graph.tensors[output].shape = try shapes(of: made)[0]
    importer.graph.nodes.append(made)
    return output
  }

  /// The declared shapes must be those that follow from the inputs'; a file that leaves them open
  /// gets them.
  private func settle(
    _ index: Int, _ declared: [Int], _ shape: [Int]
  ) throws(TFLiteRefusal) {
    if declared == shape { return }
    importer.settle(index, shape)
    let open = file.tensors[index].openAxes
    let fits =
      declared.count == shape.count
      && shape.indices.allSatisfy { declared[$0] == shape[$0] || open.contains($0) }
    guard declared.isEmpty || fits else {
      throw unfit("its output should have the shape \(shape), but the file says \(declared)")
    }
  }

  private func shapes(of made: Node) throws(TFLiteRefusal) -> [[Int]] {
    do {
      return try importer.graph.outputShapes(of: made)
    } catch {
      switch error {
      case .invalid(_, let reason), .unsupported(_, _, let reason): throw unfit(reason)
      }
    }
  }

  private func unfit(_ reason: String) -> TFLiteRefusal {
    .broken(.invalidModel(place: "node '\(name)'", reason: reason))
  }
}
