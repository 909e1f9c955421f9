import OctetModel

extension Graph {
  /// Writes each local response normalization of an image as squares, their sums by a convolution
  /// of 1×1 whose weights are `alpha / size` in a band, the power looked up, and the product.
  ///
  /// Up to 4,096 channels. Outputs keep their values, but for the rounding of floats.
  package mutating func writeNeighbourNormalizations() {
    replaceFreeNodes { graph, node in
      let (x, shape) = (node.inputs[0], graph.tensors[node.inputs[0]].shape)
      guard
        case .localResponseNormalization(let size, let alpha, let beta, let bias) = node.operation,
        shape.count == 4, shape[3] <= 4096
      else { return nil }
      let count = shape[3]
      var band = [Float](repeating: 0, count: count * count)
      for c in 0..<count {
        for k in max(0, c - (size - 1) / 2)...min(count - 1, c + size / 2) {
          band[c * count + k] = alpha / Float(size)
        }
      }
      let weights = graph.add(
        Tensor(name: "\(node.name)/band", shape: [count, 1, 1, count], constant: .float(band)))
      let offset = graph.add(
        Tensor(
          name: "\(node.name)/bias", shape: [count],
          constant: .float([Float](repeating: bias, count: count))))
      var result = Replacement(of: node)
      let squares = result.add(.multiply(.none), [x, x], "squares", shape, to: &graph)
      let sums = result.add(
        .convolution(ConvolutionAttributes()), [squares, weights, offset], "sums", shape,
        to: &graph)
      let factors = result.add(
        .scalar(.power(exponent: -beta)), [sums], "factors", shape, to: &graph)
      return result.ended(.multiply(.none), [x, factors])
    }
  }
}
