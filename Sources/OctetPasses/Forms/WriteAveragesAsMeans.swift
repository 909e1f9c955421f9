import OctetModel

extension Graph {
  /// Writes each average pool over whole images as a mean: that may have a scale of its own, finer
  /// than that of what it averages, which an average pool must keep.
  ///
  /// Outputs keep their values, but for the rounding of floats.
  package mutating func writeAveragesAsMeans() {
    replaceFreeNodes { graph, node in
      guard let operation = graph.meanOfImages(node) else { return nil }
      var mean = node
      mean.operation = operation
      return [mean]
    }
  }

  /// The mean that an average pool over whole images, without an activation, is; nil for others.
  package func meanOfImages(_ node: Node) -> Operation? {
    let shape = tensors[node.inputs[0]].shape
    guard case .averagePool(let pool) = node.operation, shape.count == 4,
      pool.kernel == Extent(height: shape[1], width: shape[2]),
      pool.padding == Padding(), pool.activation == .none,
      tensors[node.outputs[0]].shape == [shape[0], 1, 1, shape[3]]
    else { return nil }
    return .mean(axes: [1, 2], keepsDimensions: true)
  }
}
