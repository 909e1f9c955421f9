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
    let definition = node.operation.definition
    let rule = ShapeRule(
      node: node.name, operation: definition.name, shapes: node.inputs.map { tensors[$0].shape })
    try rule.requireInputs(definition.inputCount)
    let shapes = try definition.outputShapes(rule)
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
