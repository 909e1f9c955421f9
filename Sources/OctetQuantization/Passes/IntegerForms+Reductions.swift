import OctetModel

// Reductions, copies and windows in the padding as operations that the runtime has.

extension Graph {
  /// Kernels begin every window inside the image or before it. Where one begins behind it, which
  /// reads padding alone, the padding is put there first.
  mutating func convolutionOfPadded(_ node: Node, _ attributes: ConvolutionAttributes) -> [Node]? {
    let edge = attributes.padding
    let (x, y) = (tensors[node.inputs[0]].shape, tensors[node.outputs[0]].shape)
    guard edge != Padding(), x.count == 4, y.count == 4,
      (y[1] - 1) * attributes.stride.height - edge.top >= x[1]
        || (y[2] - 1) * attributes.stride.width - edge.left >= x[2]
    else { return nil }
    let padded = between(
      node, "padded", [x[0], x[1] + edge.top + edge.bottom, x[2] + edge.left + edge.right, x[3]])
    var inner = attributes
    inner.padding = Padding()
    var convolution = node
    convolution.inputs[0] = padded
    if case .convolution = node.operation {
      convolution.operation = .convolution(inner)
    } else {
      convolution.operation = .depthwiseConvolution(inner)
    }
    return [
      Node(
        name: "\(node.name)/pad",
        operation: .pad(
          before: [0, edge.top, edge.left, 0], after: [0, edge.bottom, edge.right, 0],
          mode: .constant(0)),
        inputs: [node.inputs[0]], outputs: [padded]),
      convolution,
    ]
  }

  /// An expansion to `shape`.
  mutating func copies(_ node: Node, expandedTo shape: [Int]) -> [Node]? {
    let own = tensors[node.inputs[0]].shape
    let wide = [Int](repeating: 1, count: shape.count - own.count) + own
    return copies(node, shape.indices.map { wide[$0] == shape[$0] ? 1 : shape[$0] })
  }

  /// A tensor repeated along its axes is a concatenation of itself, one axis after the other.
  mutating func copies(_ node: Node, _ counts: [Int]) -> [Node]? {
    guard counts.allSatisfy({ (1...255).contains($0) }) else { return nil }
    var shape = tensors[node.inputs[0]].shape
    // An expansion may add dimensions in front.
    shape = [Int](repeating: 1, count: counts.count - shape.count) + shape
    var result: [Node] = []
    var source = node.inputs[0]
    if tensors[source].shape != shape {
      let wide = between(node, "wide", shape)
      result.append(
        Node(
          name: "\(node.name)/wide", operation: .reshape(shape), inputs: [source],
          outputs: [wide]))
      source = wide
    }
    for axis in shape.indices where counts[axis] > 1 {
      shape[axis] *= counts[axis]
      let copies = between(node, "copies\(axis)", shape)
      result.append(
        Node(
          name: "\(node.name)/copies\(axis)",
          operation: .concatenation(axis: axis, activation: .none),
          inputs: [TensorIndex](repeating: source, count: counts[axis]), outputs: [copies]))
      source = copies
    }
    guard let last = result.indices.last else {
      return [Node(name: node.name, operation: .identity, inputs: [source], outputs: node.outputs)]
    }
    result[last].outputs = node.outputs
    result[last].name = node.name
    return result
  }

  /// Reductions by means and pools: a sum is the mean of so many, a norm the root of a sum, the
  /// greatest of some axes a max pool.
  mutating func reductionAsPool(
    _ node: Node, _ reduction: Reduction, axes: [Int], keepsDimensions: Bool
  ) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    var maker = NodeMaker(node)
    func mean(_ source: TensorIndex, _ graph: inout Graph) -> TensorIndex {
      maker.make(
        .mean(axes: axes, keepsDimensions: keepsDimensions), [source], "mean",
        graph.tensors[node.outputs[0]].shape, &graph)
    }
    let count = Float(axes.reduce(1) { $0 * shape[$1] })
    switch reduction {
    case .maximum:
      return greatest(node, node.inputs[0], axes: axes, &maker)
    case .minimum:
      let negated = maker.make(.scalar(.negate), node.inputs, "negated", shape, &self)
      var inner = node
      inner.outputs = [between(node, "greatest", tensors[node.outputs[0]].shape)]
      guard let nodes = greatest(inner, negated, axes: axes, &maker) else { return nil }
      return nodes + [
        Node(
          name: "\(node.name)/least", operation: .scalar(.negate), inputs: inner.outputs,
          outputs: node.outputs)
      ]
    case .sum:
      let average = mean(node.inputs[0], &self)
      return maker.finish(.multiply(.none), [average, number(count, node)])
    case .norm1:
      let size = maker.make(.scalar(.absolute), node.inputs, "magnitude", shape, &self)
      let average = mean(size, &self)
      return maker.finish(.multiply(.none), [average, number(count, node)])
    case .norm2, .sumOfSquares:
      let x = node.inputs[0]
      let square = maker.make(.multiply(.none), [x, x], "square", shape, &self)
      let average = mean(square, &self)
      if reduction == .sumOfSquares {
        return maker.finish(.multiply(.none), [average, number(count, node)])
      }
      let root = maker.make(
        .scalar(.squareRoot), [average], "root", tensors[node.outputs[0]].shape, &self)
      return maker.finish(.multiply(.none), [root, number(count.squareRoot(), node)])
    default: return nil
    }
  }

  /// Max pool over `axes`, which become the height of an image.
  private mutating func greatest(
    _ node: Node, _ source: TensorIndex, axes: [Int], _ maker: inout NodeMaker
  ) -> [Node]? {
    let shape = tensors[source].shape
    let last = tensors[node.outputs[0]].shape
    if shape.count == 4, axes.sorted() == [1, 2] {
      let extent = Extent(height: shape[1], width: shape[2])
      let operation = Operation.maxPool(PoolAttributes(kernel: extent, stride: extent))
      if last == [shape[0], 1, 1, shape[3]] {
        return maker.finish(operation, [source], outputs: node.outputs)
      }
      let pool = maker.make(operation, [source], "pool", [shape[0], 1, 1, shape[3]], &self)
      return maker.finish(.reshape(last), [pool], outputs: node.outputs)
    }
    let reduced = axes.sorted()
    let kept = shape.indices.filter { !reduced.contains($0) }
    let (length, rest) = (
      reduced.map { shape[$0] }.elementCount, kept.map { shape[$0] }.elementCount
    )
    guard length > 0, length <= 4096 else { return nil }
    let order = reduced + kept
    let moved = maker.make(.transpose(order), [source], "rows", order.map { shape[$0] }, &self)
    let image = maker.make(
      .reshape([1, length, 1, rest]), [moved], "image", [1, length, 1, rest], &self)
    let extent = Extent(height: length, width: 1)
    let pool = maker.make(
      .maxPool(PoolAttributes(kernel: extent, stride: extent)), [image], "pool", [1, 1, 1, rest],
      &self)
    return maker.finish(.reshape(last), [pool], outputs: node.outputs)
  }

  private mutating func number(_ value: Float, _ node: Node) -> TensorIndex {
    add(Tensor(name: "\(node.name)/count", shape: [1], constant: .float([value])))
  }
}

/// The nodes that take the place of one, each with one result.
private struct NodeMaker {
  private let node: Node
  private var nodes: [Node] = []

  init(_ node: Node) { self.node = node }

  mutating func make(
    _ operation: Operation, _ inputs: [TensorIndex], _ name: String, _ shape: [Int],
    _ graph: inout Graph
  ) -> TensorIndex {
    let result = graph.between(node, name, shape)
    nodes.append(
      Node(name: "\(node.name)/\(name)", operation: operation, inputs: inputs, outputs: [result]))
    return result
  }

  func finish(
    _ operation: Operation, _ inputs: [TensorIndex], outputs: [TensorIndex]? = nil
  ) -> [Node] {
    nodes + [
      Node(
        name: node.name, operation: operation, inputs: inputs, outputs: outputs ?? node.outputs)
    ]
  }
}
