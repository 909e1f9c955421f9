import OctetModel

extension ONNXImporter {
  /// The tensor that holds `value` in `layout`; inserts what is needed when it is held otherwise.
  mutating func tensor(
    _ value: ImportedValue, _ layout: ONNXLayout
  ) throws(ImportFailure) -> TensorIndex {
    if case .constant(let constant) = value.source {
      return try constantTensor(value.name, constant, layout)
    }
    guard case .tensor(let held) = value.source else { throw .invalid("no tensor") }
    if value.layout == layout { return held }
    if value.rank == 3 {
      // Only the axis of 1 comes or goes.
      switch (value.layout, layout) {
      case (.channelsLast, .line), (.line, .channelsLast):
        return try reshape(held, layout.tensorShape(value.shape))
      default: break
      }
    }
    let plain = try plainTensor(held, value)
    switch layout {
    case .plain: return plain
    case .channelsLast, .line:
      let transposed = try transpose(plain, layout.permutation(rank: value.rank))
      return layout == .line
        ? try reshape(transposed, layout.tensorShape(value.shape)) : transposed
    case .flattened(let dimensions):
      let rows = value.shape.dropLast().reduce(1, *)
      let split = try reshape(plain, [rows] + dimensions)
      let last = ONNXLayout.channelsLast.permutation(rank: dimensions.count + 1)
      return try reshape(try transpose(split, last), value.shape)
    }
  }

  private mutating func plainTensor(
    _ held: TensorIndex, _ value: ImportedValue
  ) throws(ImportFailure) -> TensorIndex {
    switch value.layout {
    case .plain: return held
    case .channelsLast:
      let back = ONNXLayout.inverse(value.layout.permutation(rank: value.rank))
      return try transpose(held, back)
    case .line:
      let narrow = try reshape(held, value.layout.permutation(rank: 3).map { value.shape[$0] })
      return try transpose(narrow, ONNXLayout.inverse(value.layout.permutation(rank: 3)))
    case .flattened(let dimensions):
      let rows = value.shape.dropLast().reduce(1, *)
      let split = try reshape(held, [rows] + dimensions.dropFirst() + [dimensions[0]])
      let last = ONNXLayout.channelsLast.permutation(rank: dimensions.count + 1)
      return try reshape(try transpose(split, ONNXLayout.inverse(last)), value.shape)
    }
  }

  /// A constant in `layout`, made once for each name and layout.
  mutating func constantTensor(
    _ name: String, _ constant: ONNXValue, _ layout: ONNXLayout
  ) throws(ImportFailure) -> TensorIndex {
    try constantTensor(name, layout.tensorElements(constant), tag: "\(layout)")
  }

  /// A constant as it stands; `tag` tells different forms of one name apart.
  mutating func constantTensor(
    _ name: String, _ constant: ONNXValue, tag: String
  ) throws(ImportFailure) -> TensorIndex {
    let key = Conversion(source: "\(tag):\(name)", permutation: [], shape: constant.shape)
    if let known = conversion(key) { return known }
    if case .integer(let values) = constant.elements {
      try spend(2 * constant.count)
      let tensor = graph.add(
        Tensor(
          name: uniqueName(name), shape: constant.shape,
          elementType: constant.elementType.elementType, constant: .int64(values)))
      remember(key, tensor)
      return tensor
    }
    // Masks hold −∞; NaN is nothing that a sound network has.
    let isOperand = tag.hasPrefix("operand")
    guard takesAllReals || constant.reals.allSatisfy({ isOperand ? !$0.isNaN : $0.isFinite })
    else {
      throw .unsupported("the constant '\(name)' holds a number that is not finite; train again")
    }
    try spend(constant.count)
    let tensor = graph.add(
      Tensor(
        name: uniqueName(name), shape: constant.shape,
        elementType: constant.elementType.elementType, constant: .float(constant.reals)))
    remember(key, tensor)
    tensorGrids[tensor] = constantGrids[name]
    if narrowConstants.contains(name) { narrowTensors.insert(tensor) }
    return tensor
  }

  /// `source` transposed; a reshape when no element moves, nothing when nothing changes.
  mutating func transpose(
    _ source: TensorIndex, _ permutation: [Int]
  ) throws(ImportFailure) -> TensorIndex {
    let shape = graph.tensors[source].shape
    if permutation.keepsOrder(of: shape) {
      return try reshape(source, permutation.map { shape[$0] })
    }
    let key = Conversion(source: "\(source)", permutation: permutation, shape: [])
    if let known = conversion(key) { return known }
    let name = graph.tensors[source].name + "/transpose"
    let result = try emit(.transpose(permutation), name: name, inputs: [source], output: name)
    remember(key, result)
    // Transposing back gives the original again.
    remember(
      Conversion(source: "\(result)", permutation: ONNXLayout.inverse(permutation), shape: []),
      source)
    return result
  }

  mutating func reshape(
    _ source: TensorIndex, _ shape: [Int]
  ) throws(ImportFailure) -> TensorIndex {
    let current = graph.tensors[source].shape
    if current == shape { return source }
    let key = Conversion(source: "\(source)", permutation: [], shape: shape)
    if let known = conversion(key) { return known }
    let name = graph.tensors[source].name + "/reshape"
    let result = try emit(.reshape(shape), name: name, inputs: [source], output: name)
    remember(key, result)
    remember(Conversion(source: "\(result)", permutation: [], shape: current), source)
    return result
  }

  /// A constant of one shape in the layout that a broadcast with `rank` dimensions has, with
  /// leading dimensions of 1 added; likewise for computed values.
  mutating func broadcastOperand(
    _ value: ImportedValue, rank: Int, _ layout: ONNXLayout
  ) throws(ImportFailure) -> TensorIndex {
    if value.constant == nil, value.layout == layout && value.rank == rank {
      return try tensor(value, layout)
    }
    let shape = [Int](repeating: 1, count: rank - value.rank) + value.shape
    if let constant = value.constant {
      // A scalar, or a vector over the tensor's last axis, needs no leading dimensions.
      let held = layout.tensorElements(constant.reshaped(shape))
      let trimmed = Array(held.shape.drop { $0 == 1 })
      let isVector = value.rank < rank && trimmed.count <= 1 && layout != .plain
      return try constantTensor(
        value.name, isVector ? held.reshaped(trimmed) : layout == .plain ? constant : held,
        tag: "operand/\(layout)/\(rank)")
    }
    var widened = value
    if value.rank < rank {
      if layout == .plain { return try tensor(value, .plain) }
      widened.source = .tensor(try reshape(try tensor(value, .plain), shape))
      widened.layout = .plain
      widened.shape = shape
    }
    return try tensor(widened, layout)
  }
}
