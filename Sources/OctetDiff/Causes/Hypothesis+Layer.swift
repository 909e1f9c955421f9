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

  /// All operators left out that come before one: what that reads is what the layer reads.
  mutating func addOmissionsBefore() {
    guard part.inputs.count == 1, let input = part.inputs.first else { return }
    let count = part.tensors[input].elementCount
    for (index, node) in part.nodes.enumerated().dropFirst(2) {
      guard let operand = node.inputs.first, operand != input,
        !Maker.node(node.operation).onlyRenames,
        part.tensors[operand].constant == nil, part.tensors[operand].elementCount == count
      else { continue }
      let shape = part.tensors[operand].shape
      let first = part.nodes[0].name
      let last = part.nodes[index - 1].name
      add(.layerMissing, "all from '\(first)' to '\(last)' is missing before it") {
        $0.nodes[index].inputs[0] = input
        $0.insert(.reshape(shape), before: index, operand: 0)
        $0.nodes.removeFirst(index)
      }
    }
  }

  /// One operand in the place of another of its shape, too.
  mutating func addRepetitions(_ index: Int) {
    let inputs = part.nodes[index].inputs
    guard (2...4).contains(inputs.count) else { return }
    for (place, operand) in inputs.enumerated() where part.tensors[operand].constant == nil {
      for (other, replaced) in inputs.enumerated()
      where other != place && part.tensors[replaced].constant == nil
        && part.tensors[replaced].shape == part.tensors[operand].shape
      {
        add(
          .operandOther, "it reads its operand \(place) a second time, for its operand \(other)"
        ) {
          $0.nodes[index].inputs[other] = operand
        }
      }
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

  /// Operators that put rows and columns around an image, as one pad that does it otherwise.
  mutating func addPaddings() {
    guard part.inputs.count == 1, part.nodes.count > 1,
      part.nodes.allSatisfy({ $0.operation.onlyMoves })
    else { return }
    let (own, given) = (
      part.tensors[part.outputs[0]].shape, part.tensors[part.inputs[0]].shape
    )
    guard own.count == 4, given.count == 4, own[0] == given[0], own[3] == given[3],
      own[1] >= given[1], own[2] >= given[2], own != given
    else { return }
    let all = Padding(top: own[1] - given[1], left: own[2] - given[2], bottom: 0, right: 0)
    var modes: [(PadMode, String)] = [
      (.constant(0), "0"), (.reflect, "its mirror image"), (.edge, "its edge"),
      (.wrap, "itself again"),
    ]
    if let zero = zeroCodes.first, zero != 0 { modes.append((.constant(zero), "code 0")) }
    for (mode, name) in modes {
      for padding in [all] + all.shifts {
        add(.padValueOther, "it pads its image with \(name), which the reference does not") {
          $0.nodes = [
            Node(
              name: "variant",
              operation: .pad(
                before: [0, padding.top, padding.left, 0],
                after: [0, padding.bottom, padding.right, 0], mode: mode),
              inputs: $0.inputs, outputs: $0.outputs)
          ]
        }
      }
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

extension Operation {
  /// Whether the results are values that it reads, or constants.
  fileprivate var onlyMoves: Bool {
    switch self {
    case .slice, .concatenation, .pad, .gather, .split, .transpose, .reshape, .identity, .tile,
      .expand:
      true
    default: false
    }
  }
}
