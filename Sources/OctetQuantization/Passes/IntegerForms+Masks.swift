import OctetModel

// Masks: what a constant hides before a softmax, and choices by constants.

extension Graph {
  /// What is so far below its own score has no share in a softmax that int8 can show.
  private static let hidden: Float = -16
  /// An addend as low as this hides a score: exporters write −∞, the lowest float, −10⁹ or −10⁴.
  private static let hiding: Float = -1e4

  /// Of a mask of zeros and hiding numbers, the latter are made as small as they may be: −∞ would
  /// leave no codes for the scores.
  mutating func maskInRange(_ node: Node) -> [Node]? {
    let constants = node.inputs.indices.filter { tensors[node.inputs[$0]].floats != nil }
    guard node.inputs.count == 2, constants.count == 1,
      let mask = tensors[node.inputs[constants[0]]].floats,
      mask.contains(where: { $0 <= Self.hiding }),
      mask.allSatisfy({ $0 == 0 || $0 <= Self.hiding })
    else { return nil }
    return [
      masked(
        node, node.inputs[1 - constants[0]], hiding: mask.map { $0 != 0 },
        tensors[node.inputs[constants[0]]].shape)
    ]
  }

  /// A choice by a constant: a mask where it hides, else a sum of products with ones and zeros.
  mutating func choiceAsProducts(_ node: Node) -> [Node]? {
    guard case .int64(let flags) = tensors[node.inputs[0]].constant else { return nil }
    let shape = tensors[node.inputs[0]].shape
    let full = tensors[node.outputs[0]].shape
    let other = tensors[node.inputs[2]].floats
    if let other, !other.isEmpty, other.allSatisfy({ $0 <= Self.hiding }),
      tensors[node.inputs[1]].constant == nil
    {
      return [masked(node, node.inputs[1], hiding: flags.map { $0 == 0 }, shape)]
    }
    if let first = tensors[node.inputs[1]].floats, !first.isEmpty,
      first.allSatisfy({ $0 <= Self.hiding }), tensors[node.inputs[2]].constant == nil
    {
      return [masked(node, node.inputs[2], hiding: flags.map { $0 != 0 }, shape)]
    }
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
      parts.append(between(node, "part\(position)", full))
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

  private mutating func masked(
    _ node: Node, _ source: TensorIndex, hiding: [Bool], _ shape: [Int]
  ) -> Node {
    let mask = add(
      Tensor(
        name: "\(node.name)/mask", shape: shape,
        constant: .float(hiding.map { $0 ? Self.hidden : 0 })))
    var result = node
    result.operation = .add(.none)
    result.inputs = [source, mask]
    return result
  }
}
