extension Graph {
  /// The largest tensor that a graph may hold, in elements: 1 GiB of floats.
  public static let maximumElementCount = 1 << 28

  /// The most dimensions that a tensor may have.
  public static let maximumRank = 16

  /// Sets the shape of every tensor that a node makes, from the inputs' and constants' shapes.
  ///
  /// Throws `GraphError.invalid` with the node at fault when an operation cannot take its inputs.
  public mutating func inferShapes() throws(GraphError) {
    try validateStructure()
    for node in nodes {
      let shapes = try outputShapes(of: node)
      for (tensor, shape) in zip(node.outputs, shapes) { tensors[tensor].shape = shape }
    }
  }

  /// Checks everything that the rest of Octet takes for granted: indices, the order of execution,
  /// unique names, constants as long as their shapes say, and shapes that follow from the inputs'.
  public func validate() throws(GraphError) {
    try validateStructure()
    for node in nodes {
      try validateElementTypes(of: node)
      let shapes = try outputShapes(of: node)
      for (tensor, shape) in zip(node.outputs, shapes) where tensors[tensor].shape != shape {
        throw .invalid(
          node: node.name,
          reason: "output '\(tensors[tensor].name)' should have shape \(shape), "
            + "but has \(tensors[tensor].shape)")
      }
    }
  }

  /// The shapes that `node` gives to its outputs, in order.
  public func outputShapes(of node: Node) throws(GraphError) -> [[Int]] {
    let rule = ShapeRule(
      node: node.name, operation: node.operation, inputs: node.inputs.map { tensors[$0].shape })
    let shapes = try rule.outputs()
    if shapes.count != node.outputs.count {
      throw rule.invalid("has \(node.outputs.count) outputs, but makes \(shapes.count)")
    }
    for shape in shapes { _ = try Self.checkedElementCount(shape, node: node.name) }
    return shapes
  }

  /// The product of the dimensions, checked for negative values, overflow and the maximum.
  public static func checkedElementCount(
    _ shape: [Int], node: String
  ) throws(GraphError) -> Int {
    // With dimensions of 0 counted as 1, so that no product of some of them overflows later.
    var bound = 1
    for dimension in shape {
      let (product, overflow) = bound.multipliedReportingOverflow(by: max(dimension, 1))
      if dimension < 0 || dimension > maximumElementCount || overflow
        || product > maximumElementCount || shape.count > maximumRank
      {
        throw .invalid(
          node: node,
          reason: "shape \(shape) is not possible (at most \(maximumRank) dimensions of 0 or more, "
            + "at most \(maximumElementCount) elements)")
      }
      bound = product
    }
    return shape.contains(0) ? 0 : bound
  }

  private func validateStructure() throws(GraphError) {
    var names = Set<String>()
    for tensor in tensors {
      if !names.insert(tensor.name).inserted {
        throw .invalid(node: name, reason: "two tensors are named '\(tensor.name)'")
      }
      try validate(tensor)
    }
    var known = tensors.map { $0.constant != nil }
    for input in inputs {
      guard tensors.indices.contains(input) else {
        throw .invalid(node: name, reason: "graph input \(input) is not a tensor")
      }
      known[input] = true
    }
    var nodeNames = Set<String>()
    for node in nodes {
      if !nodeNames.insert(node.name).inserted {
        throw .invalid(node: node.name, reason: "two nodes have this name")
      }
      for input in node.inputs where !tensors.indices.contains(input) || !known[input] {
        throw .invalid(node: node.name, reason: "reads tensor \(input) before it is made")
      }
      for output in node.outputs {
        guard tensors.indices.contains(output), !known[output] else {
          throw .invalid(node: node.name, reason: "writes tensor \(output), which is taken")
        }
        known[output] = true
      }
    }
    for output in outputs where !tensors.indices.contains(output) || !known[output] {
      throw .invalid(node: name, reason: "graph output \(output) is made by no node")
    }
  }

  private func validate(_ tensor: Tensor) throws(GraphError) {
    let count = try Self.checkedElementCount(tensor.shape, node: tensor.name)
    if let constant = tensor.constant, constant.count != count {
      throw .invalid(
        node: tensor.name,
        reason:
          "the constant has \(constant.count) elements, its shape \(tensor.shape) has \(count)"
      )
    }
    guard let quantization = tensor.quantization else { return }
    let scales = quantization.scales
    let expected = quantization.axis.map {
      tensor.shape.indices.contains($0) ? tensor.shape[$0] : -1
    }
    if scales.count != quantization.zeroPoints.count || scales.count != expected ?? 1 {
      throw .invalid(
        node: tensor.name, reason: "\(scales.count) scales do not fit the shape \(tensor.shape)")
    }
    if !scales.allSatisfy({ $0 > 0 && $0.isFinite }) {
      throw .invalid(node: tensor.name, reason: "scales must be positive and finite")
    }
  }
}

/// Computes the output shapes of one node. The rules stand in extensions, by kind of operation.
struct ShapeRule {
  let node: String
  let operation: Operation
  let inputs: [[Int]]

  func invalid(_ reason: String) -> GraphError {
    .invalid(node: node, reason: "\(operation.name) \(reason)")
  }

  /// Fails unless there are as many inputs as `range` says.
  func requireInputs(_ range: ClosedRange<Int>) throws(GraphError) {
    if !range.contains(inputs.count) {
      throw invalid(
        "has \(inputs.count) inputs, but takes \(range.lowerBound)"
          + (range.count > 1 ? " to \(range.upperBound)" : ""))
    }
  }

  func requireRank(_ rank: Int, of index: Int, _ name: String) throws(GraphError) {
    if inputs[index].count != rank {
      throw invalid("needs \(name) with \(rank) dimensions, but its shape is \(inputs[index])")
    }
  }

  func requireAxis(_ axis: Int, rank: Int) throws(GraphError) {
    if !(0..<rank).contains(axis) {
      throw invalid("has axis \(axis), but its input has \(rank) dimensions")
    }
  }

  func outputs() throws(GraphError) -> [[Int]] {
    switch operation {
    case .convolution, .depthwiseConvolution, .transposedConvolution, .maxPool, .averagePool,
      .maxPoolIndices, .resize:
      return [try spatialOutput()]
    case .fullyConnected(let attributes): return [try fullyConnected(attributes)]
    case .matrixMultiply: return [try matrixMultiply()]
    case .add, .subtract, .multiply, .divide, .minimum, .maximum, .squaredDifference, .power,
      .compare, .logic:
      try requireInputs(2...2)
      return [try broadcast(inputs[0], inputs[1])]
    case .select:
      try requireInputs(3...3)
      return [try broadcast(try broadcast(inputs[0], inputs[1]), inputs[2])]
    case .prelu:
      try requireInputs(2...2)
      if try broadcast(inputs[0], inputs[1]) != inputs[0] {
        throw invalid("has a slope of shape \(inputs[1]), which does not fit \(inputs[0])")
      }
      return [inputs[0]]
    case .relu, .relu6, .leakyRelu, .clip, .hardSwish, .hardSigmoid, .logistic, .tanh, .elu,
      .selu, .identity, .function, .cast, .quantize, .dequantize:
      try requireInputs(1...1)
      return [inputs[0]]
    case .l2Normalization:
      try requireInputs(1...1)
      try requireAxis(0, rank: inputs[0].count)
      return [inputs[0]]
    case .softmax(let axis, _), .logSoftmax(let axis):
      try requireInputs(1...1)
      try requireAxis(axis, rank: inputs[0].count)
      return [inputs[0]]
    case .batchNormalization, .localResponseNormalization:
      return [try normalization()]
    default: return try arrangementOutputs()
    }
  }

  /// The shape that `a` and `b` broadcast to, aligned at the last axis.
  func broadcast(_ a: [Int], _ b: [Int]) throws(GraphError) -> [Int] {
    let rank = max(a.count, b.count)
    var result = [Int](repeating: 1, count: rank)
    for k in 0..<rank {
      let x = k < rank - a.count ? 1 : a[k - (rank - a.count)]
      let y = k < rank - b.count ? 1 : b[k - (rank - b.count)]
      if x != y && x != 1 && y != 1 { throw invalid("cannot broadcast \(a) and \(b)") }
      result[k] = x == 1 ? y : x
    }
    return result
  }

  private func normalization() throws(GraphError) -> [Int] {
    guard case .batchNormalization = operation else {
      try requireInputs(1...1)
      if case .localResponseNormalization(let size, _, _, _) = operation, size < 1 {
        throw invalid("has size \(size), but needs at least 1")
      }
      if inputs[0].isEmpty { throw invalid("needs at least one dimension") }
      return inputs[0]
    }
    try requireInputs(5...5)
    guard let channels = inputs[0].last else { throw invalid("needs at least one dimension") }
    for parameter in inputs[1...] where parameter != [channels] {
      throw invalid("has a parameter of shape \(parameter) for \(channels) channels")
    }
    return inputs[0]
  }
}
