import OctetModel

extension Graph {
  /// Writes each reduction as a mean or a pool: a sum is so many times the mean, a norm the root of
  /// a sum, the greatest of some axes a max pool.
  ///
  /// Products, logarithms of sums and their like stay, and greatest values of more than 4,096.
  /// Outputs keep their values, but for the rounding of floats.
  package mutating func writeReductionsAsMeans() {
    replaceFreeNodes { graph, node in
      guard case .reduce(let reduction, let axes, let keeps) = node.operation else { return nil }
      let x = node.inputs[0]
      let shape = graph.tensors[x].shape
      var result = Replacement(of: node)
      var source = x
      switch reduction {
      case .maximum:
        return graph.greatest(node, x, axes: axes, &result)
      case .minimum:
        let negated = result.add(.scalar(.negate), [x], "negated", shape, to: &graph)
        var inner = node
        inner.outputs = [graph.between(node, "greatest", graph.tensors[node.outputs[0]].shape)]
        guard let nodes = graph.greatest(inner, negated, axes: axes, &result) else { return nil }
        return nodes + [
          Node(
            name: "\(node.name)/least", operation: .scalar(.negate), inputs: inner.outputs,
            outputs: node.outputs)
        ]
      case .sum: break
      case .norm1:
        source = result.add(.scalar(.absolute), [x], "magnitude", shape, to: &graph)
      case .norm2, .sumOfSquares:
        source = result.add(.multiply(.none), [x, x], "square", shape, to: &graph)
      default: return nil
      }
      let reduced = graph.tensors[node.outputs[0]].shape
      var value = result.add(
        .mean(axes: axes, keepsDimensions: keeps), [source], "mean", reduced, to: &graph)
      var count = Float(axes.reduce(1) { $0 * shape[$1] })
      if reduction == .norm2 {
        value = result.add(.scalar(.squareRoot), [value], "root", reduced, to: &graph)
        count = count.squareRoot()
      }
      let factor = graph.add(
        Tensor(name: "\(node.name)/count", shape: [1], constant: .float([count])))
      return result.ended(.multiply(.none), [value, factor])
    }
  }

  /// Max pool over `axes`, which become the height of an image.
  private mutating func greatest(
    _ node: Node, _ source: TensorIndex, axes: [Int], _ result: inout Replacement
  ) -> [Node]? {
    let shape = tensors[source].shape
    let last = tensors[node.outputs[0]].shape
    func pool(_ height: Int, _ width: Int) -> Operation {
      let extent = Extent(height: height, width: width)
      return .maxPool(PoolAttributes(kernel: extent, stride: extent))
    }
    func ended(_ operation: Operation, _ input: TensorIndex) -> [Node] {
      var nodes = result.ended(operation, [input])
      nodes[nodes.count - 1].outputs = node.outputs
      return nodes
    }
    if shape.count == 4, axes.sorted() == [1, 2] {
      let images = pool(shape[1], shape[2])
      if last == [shape[0], 1, 1, shape[3]] { return ended(images, source) }
      let greatest = result.add(images, [source], "pool", [shape[0], 1, 1, shape[3]], to: &self)
      return ended(.reshape(last), greatest)
    }
    let reduced = axes.sorted()
    let order = reduced + shape.indices.filter { !reduced.contains($0) }
    let length = reduced.map { shape[$0] }.elementCount
    guard length > 0, length <= 4096 else { return nil }
    let rest = order.dropFirst(reduced.count).map { shape[$0] }.elementCount
    let rows = result.add(
      .transpose(order), [source], "rows", order.map { shape[$0] }, to: &self)
    let image = result.add(
      .reshape([1, length, 1, rest]), [rows], "image", [1, length, 1, rest], to: &self)
    let greatest = result.add(pool(length, 1), [image], "pool", [1, 1, 1, rest], to: &self)
    return ended(.reshape(last), greatest)
  }
}
