import OctetModel

extension Graph {
  /// Writes rows over the root of their mean square as rows over their length:
  /// `x · (a · mean(x²) + b)^−½` is `√(n/a) · x / √(Σ x² + b · n/a)`, whose kernel rounds neither
  /// the sum of squares nor its root, and which no unseen row takes out of a range.
  ///
  /// What is normalized over several axes becomes rows. Images whose channels are normalized one by
  /// one, of what weights make, are left to `equalizeChannels`. Only where nothing has a grid yet.
  /// Outputs keep their values, but for the rounding of floats.
  package mutating func writeNormalizationsAsLengths() {
    let (old, producers, consumers) = (nodes, producers(), consumers())
    var removed = Set<Int>()
    var forms: [Int: RootMeanSquare] = [:]
    for (index, node) in old.enumerated() {
      guard let form = rootMeanSquare(node, producers, consumers) else { continue }
      forms[index] = form
      removed.formUnion(form.nodes)
    }
    if forms.isEmpty { return }
    replaceNodes { graph, index, node in
      if removed.contains(index) { return [] }
      return forms[index].map { graph.lengths(node, $0) }
    }
  }

  /// What a product with the inverse of a root mean square is made of.
  private struct RootMeanSquare {
    var source: TensorIndex
    var axes: [Int]
    var attributes: L2NormalizationAttributes
    /// The nodes from the squares to the inverse root.
    var nodes: [Int]
  }

  /// A sum of so many squares is the most that the kernel takes.
  private static let lengthLimit = 1 << 15

  /// Follows a product backwards: the inverse root, steps `a · x + b`, the mean, the squares.
  private func rootMeanSquare(
    _ product: Node, _ producers: [Int?], _ consumers: [[Int]]
  ) -> RootMeanSquare? {
    guard product.operation == .multiply(.none), product.inputs[0] != product.inputs[1] else {
      return nil
    }
    for (source, factor) in [(0, 1), (1, 0)] {
      let (source, factor) = (product.inputs[source], product.inputs[factor])
      guard let steps = inverseRoot(factor, producers, consumers),
        case .mean(let axes, true) = nodes[steps.mean].operation,
        let square = producers[nodes[steps.mean].inputs[0]],
        nodes[square].operation == .multiply(.none),
        nodes[square].inputs == [source, source], tensors[source].constant == nil,
        isInner(nodes[square].outputs[0], consumers), isFree(source), isFree(product.outputs[0]),
        !isChannelwise(source, axes, producers)
      else { continue }
      let count = axes.reduce(1) { $0 * tensors[source].shape[$1] }
      let share = Double(count) / steps.gain
      let attributes = L2NormalizationAttributes(
        gain: Float(share.squareRoot()), epsilon: Float(steps.offset * share))
      guard count > 1, count <= Self.lengthLimit, tensors[source].shape.count <= 4,
        attributes.gain.isNormal, attributes.epsilon.isFinite, attributes.epsilon >= 0,
        !attributes.isTensorFlowLites
      else { continue }
      return RootMeanSquare(
        source: source, axes: axes.sorted(), attributes: attributes,
        nodes: steps.nodes + [square])
    }
    return nil
  }

  /// The steps of `(gain · x + offset)^−½` from a mean x on, none of which has another reader.
  private func inverseRoot(
    _ factor: TensorIndex, _ producers: [Int?], _ consumers: [[Int]]
  ) -> (mean: Int, gain: Double, offset: Double, nodes: [Int])? {
    var (gain, offset) = (1.0, 0.0)
    var (tensor, nodes) = (factor, [Int]())
    var roots = 0
    while let producer = producers[tensor], isInner(tensor, consumers) {
      let node = self.nodes[producer]
      nodes.append(producer)
      if case .mean = node.operation {
        return roots == 2 && gain > 0 ? (producer, gain, offset, nodes) : nil
      }
      let operation = node.operation
      if roots == 0, operation == .scalar(.power(exponent: -0.5)) {
        roots = 2
      } else if roots == 0, operation == .scalar(.reciprocal) {
        roots = 1
      } else if roots == 1, operation == .scalar(.squareRoot) {
        roots = 2
      } else if roots == 2, operation == .multiply(.none), let number = number(beside: node) {
        gain *= number
      } else if roots == 2, operation == .add(.none), let number = number(beside: node) {
        offset += gain * number
      } else if !operation.keepsElementOrder {
        return nil
      }
      guard let next = node.inputs.first(where: { tensors[$0].constant == nil }) else {
        return nil
      }
      tensor = next
    }
    return nil
  }

  /// The only number that a node reads beside an activation.
  private func number(beside node: Node) -> Double? {
    let constants = node.inputs.filter { tensors[$0].constant != nil }
    guard node.inputs.count == 2, constants.count == 1,
      let values = tensors[constants[0]].floats, values.count == 1
    else { return nil }
    return Double(values[0])
  }

  /// Whether one node alone reads a tensor that has no grid and is no output.
  private func isInner(_ tensor: TensorIndex, _ consumers: [[Int]]) -> Bool {
    Set(consumers[tensor]).count == 1 && isFree(tensor) && !outputs.contains(tensor)
  }

  /// Whether each channel of what weights made, less its mean, is normalized by itself.
  private func isChannelwise(
    _ source: TensorIndex, _ axes: [Int], _ producers: [Int?]
  ) -> Bool {
    guard axes.sorted() == [1, 2], tensors[source].shape.count == 4,
      let difference = producers[source], let layer = producers[nodes[difference].inputs[0]]
    else { return false }
    return nodes[layer].operation.weightChannelAxis != nil
  }

  /// Rows over their length in the place of the product: what is normalized over other axes than
  /// the last is arranged so before, and back behind it.
  private mutating func lengths(_ product: Node, _ form: RootMeanSquare) -> [Node] {
    let shape = tensors[form.source].shape
    let operation = Operation.l2Normalization(form.attributes)
    var result = Replacement(of: product)
    if form.axes == [shape.count - 1] { return result.ended(operation, [form.source]) }
    let permutation = shape.indices.filter { !form.axes.contains($0) } + form.axes
    let isOrdered = permutation == Array(shape.indices)
    let ordered = permutation.map { shape[$0] }
    var tensor = form.source
    if !isOrdered {
      tensor = result.add(.transpose(permutation), [tensor], "ordered", ordered, to: &self)
    }
    let count = form.axes.reduce(1) { $0 * shape[$1] }
    let rows = [shape.elementCount / count, count]
    tensor = result.add(.reshape(rows), [tensor], "rows", rows, to: &self)
    tensor = result.add(operation, [tensor], "lengths", rows, to: &self)
    if isOrdered { return result.ended(.reshape(shape), [tensor], node: "shape") }
    tensor = result.add(.reshape(ordered), [tensor], "shape", ordered, to: &self)
    var inverse = permutation
    for (place, axis) in permutation.enumerated() { inverse[axis] = place }
    return result.ended(.transpose(inverse), [tensor], node: "arranged")
  }
}
