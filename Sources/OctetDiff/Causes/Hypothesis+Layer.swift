import OctetModel
import OctetReport

// Variants of a whole layer.

extension LayerVariants {
  /// One of several operators left out.
  mutating func addOmission(of index: Int) {
    let node = part.nodes[index]
    guard part.nodes.count > 1, !Maker.node(node.operation).onlyRenames,
      node.operation.asActivation == nil, node.outputs.count == 1,
      let source = node.inputs.first(where: { part.tensors[$0].constant == nil }),
      part.tensors[source].shape == part.tensors[node.outputs[0]].shape
    else { return }
    add(.layerMissing, "'\(node.name)' (\(node.operation.name)) is missing before it") {
      $0.nodes[index] = Node(
        name: node.name, operation: .identity, inputs: [source], outputs: node.outputs)
    }
  }

  /// An activation after what has none of its own.
  mutating func addTails() {
    guard let last = part.nodes.indices.last,
      part.nodes[last].outputs == part.outputs, part.nodes[last].operation.activation == nil
    else { return }
    if case .scalar = part.nodes[last].operation { return }
    for function in [ScalarFunction.relu, .relu6] {
      add(
        .activationAdded, "it has \(function.text) after it, which the reference has not"
      ) { $0.insert(.scalar(function), after: last) }
    }
  }

  /// Rows and columns of the image that it reads in another order.
  mutating func addImages() {
    guard part.inputs.count == 1,
      let first = part.nodes.firstIndex(where: {
        $0.inputs.first == part.inputs[0]
      })
    else { return }
    let shape = part.tensors[part.inputs[0]].shape
    guard shape.count == 4, shape[1] > 1, shape[2] > 1 else { return }
    func reversed(_ axes: [Int]) -> Operation {
      .slice(
        begin: shape.indices.map { axes.contains($0) ? shape[$0] - 1 : 0 }, count: shape,
        stride: shape.indices.map { axes.contains($0) ? -1 : 1 })
    }
    for (axes, text) in [
      ([1], "upside down"), ([2], "mirrored"), ([1, 2], "turned by 180°"),
      ([3], "with its channels reversed (BGR for RGB)"),
    ] where axes != [3] || shape[3] > 1 {
      add(axes == [3] ? .inputChannelsPermuted : .imageFlipped, "it reads its image \(text)") {
        $0.insert(reversed(axes), before: first, operand: 0)
      }
    }
    if shape[1] == shape[2] {
      add(.axisOrder, "it reads its image with rows and columns exchanged") {
        $0.insert(.transpose([0, 2, 1, 3]), before: first, operand: 0)
      }
    }
    for order in (1...3).orders where order != [1, 2, 3] {
      add(
        .axisOrder,
        "it reads its image as if it stood in the order "
          + order.map { ["H", "W", "C"][$0 - 1] }.joined(separator: ", ")
      ) {
        $0.insert(.transpose([0] + order), before: first, operand: 0)
        $0.insert(.reshape(shape), before: first + 1, operand: 0)
      }
    }
  }
}
