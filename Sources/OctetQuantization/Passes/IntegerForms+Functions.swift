import OctetModel

// Pools, reductions and quotients as operations that the runtime has.

extension Graph {
  /// The average of whole images: a mean may have a scale of its own, finer than that of what it
  /// averages, which an average pool must keep.
  func poolAsMean(_ node: Node, _ pool: PoolAttributes) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    guard shape.count == 4, pool.kernel == Extent(height: shape[1], width: shape[2]),
      pool.padding == Padding(), pool.activation == .none, pool.dilation == Extent(1),
      tensors[node.outputs[0]].shape == [shape[0], 1, 1, shape[3]]
    else { return nil }
    var mean = node
    mean.operation = .mean(axes: [1, 2], keepsDimensions: true)
    return [mean]
  }

  /// An average over padding is one over zeros that are there.
  mutating func poolOfPadded(_ node: Node, _ pool: PoolAttributes) -> [Node]? {
    let edge = pool.padding
    guard pool.countsPadding, edge != Padding() else { return nil }
    var shape = tensors[node.inputs[0]].shape
    shape[1] += edge.top + edge.bottom
    shape[2] += edge.left + edge.right
    let padded = between(node, "padded", shape)
    var attributes = pool
    attributes.padding = Padding()
    attributes.countsPadding = false
    var average = node
    average.operation = .averagePool(attributes)
    average.inputs = [padded]
    return [
      Node(
        name: "\(node.name)/pad",
        operation: .pad(
          before: [0, edge.top, edge.left, 0], after: [0, edge.bottom, edge.right, 0],
          mode: .constant(0)),
        inputs: node.inputs, outputs: [padded]),
      average,
    ]
  }

  /// Division is multiplication by the reciprocal: of constants, or looked up.
  mutating func divisionAsProduct(_ node: Node, _ activation: Activation) -> [Node]? {
    let divisor = tensors[node.inputs[1]]
    var product = node
    product.operation = .multiply(activation)
    guard divisor.constant != nil else {
      product.inputs[1] = between(node, "reciprocal", divisor.shape)
      let reciprocal = Node(
        name: "\(node.name)/reciprocal", operation: .scalar(.reciprocal),
        inputs: [node.inputs[1]], outputs: [product.inputs[1]])
      return [reciprocal, product]
    }
    guard let values = divisor.floats else { return nil }
    let reciprocals = values.map { 1 / $0 }
    guard reciprocals.allSatisfy(\.isFinite) else { return nil }
    product.inputs[1] = add(
      Tensor(
        name: "\(divisor.name)/reciprocal/\(node.name)", shape: divisor.shape,
        constant: .float(reciprocals)))
    return [product]
  }

  /// A power with one constant exponent is a function of its base.
  func powerAsFunction(_ node: Node) -> [Node]? {
    let exponent = tensors[node.inputs[1]]
    guard let values = exponent.floats, values.count == 1,
      tensors[node.inputs[0]].shape == tensors[node.outputs[0]].shape
    else { return nil }
    var function = node
    function.operation = .scalar(.power(exponent: values[0]))
    function.inputs = [node.inputs[0]]
    return [function]
  }

  /// Local response normalization: squares, their sums by a convolution of 1×1 whose weights are
  /// `alpha / size` in a band, the power looked up, and the product.
  mutating func normalizationByNeighbours(
    _ node: Node, size: Int, alpha: Float, beta: Float, bias: Float
  ) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    guard shape.count == 4, shape[3] <= 4096 else { return nil }
    let count = shape[3]
    var band = [Float](repeating: 0, count: count * count)
    for c in 0..<count {
      for k in max(0, c - (size - 1) / 2)...min(count - 1, c + size / 2) {
        band[c * count + k] = alpha / Float(size)
      }
    }
    let weights = add(
      Tensor(name: "\(node.name)/band", shape: [count, 1, 1, count], constant: .float(band)))
    let offset = add(
      Tensor(
        name: "\(node.name)/bias", shape: [count],
        constant: .float([Float](repeating: bias, count: count))))
    let (squares, sums, factors) = (
      between(node, "squares", shape), between(node, "sums", shape), between(node, "factors", shape)
    )
    let x = node.inputs[0]
    return [
      Node(
        name: "\(node.name)/squares", operation: .multiply(.none), inputs: [x, x],
        outputs: [squares]),
      Node(
        name: "\(node.name)/sums", operation: .convolution(ConvolutionAttributes()),
        inputs: [squares, weights, offset], outputs: [sums]),
      Node(
        name: "\(node.name)/factors", operation: .scalar(.power(exponent: -beta)),
        inputs: [sums], outputs: [factors]),
      Node(
        name: node.name, operation: .multiply(.none), inputs: [x, factors], outputs: node.outputs),
    ]
  }
}
