import OctetModel

extension ONNXOperator {
  static let flatten = ONNXOperator(
    "Flatten",
    read: { (importer, node) throws(ImportFailure) in try importer.flatten(node) })

  static let reshape = ONNXOperator(
    "Reshape",
    read: { (importer, node) throws(ImportFailure) in try importer.reshape(node) })

  static let squeeze = ONNXOperator(
    "Squeeze",
    read: { (importer, node) throws(ImportFailure) in try importer.squeeze(node) })

  static let unsqueeze = ONNXOperator(
    "Unsqueeze",
    read: { (importer, node) throws(ImportFailure) in try importer.unsqueeze(node) })
}

extension ONNXImporter {
  mutating func flatten(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let axis = try view.integer("axis", 1)
    guard (-x.rank...x.rank).contains(axis) else {
      throw .invalid("axis \(axis) does not exist in \(x.rank) dimensions")
    }
    let split = axis < 0 ? axis + x.rank : axis
    let shape = [x.shape[..<split].reduce(1, *), x.shape[split...].reduce(1, *)]
    try reshape(view, x, to: shape)
  }

  mutating func reshape(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    guard let wanted = try view.integersInput(1)?.map(\.ordinary) else {
      throw .invalid("the shape is missing")
    }
    let keepsZeros = try view.integer("allowzero") != 0
    var shape: [Int] = []
    for (axis, dimension) in wanted.enumerated() {
      if dimension == 0 && !keepsZeros {
        guard axis < x.rank else { throw .invalid("dimension \(axis) cannot be copied") }
        shape.append(x.shape[axis])
      } else {
        shape.append(dimension)
      }
    }
    let count = x.shape.reduce(1, *)
    if let open = shape.firstIndex(of: -1) {
      var known = 1
      for (axis, dimension) in shape.enumerated() where axis != open {
        let (product, overflow) = known.multipliedReportingOverflow(by: dimension)
        if dimension < 0 || overflow { throw .invalid("the shape \(wanted) is not possible") }
        known = product
      }
      guard known > 0, count % known == 0 else {
        throw .invalid("\(x.shape) cannot take the shape \(wanted)")
      }
      shape[open] = count / known
    }
    try reshape(view, x, to: shape)
  }

  mutating func squeeze(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let given = try view.integersInput(1)?.map(\.ordinary)
    let axes =
      try given.map { (list) throws(ImportFailure) in try view.axes(list, rank: x.rank) }
      ?? x.shape.indices.filter { x.shape[$0] == 1 }
    if let wrong = axes.first(where: { x.shape[$0] != 1 }) {
      throw .invalid("axis \(wrong) of \(x.shape) is not 1")
    }
    try reshape(view, x, to: x.shape.indices.filter { !axes.contains($0) }.map { x.shape[$0] })
  }

  mutating func unsqueeze(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let given = try view.integersInput(1)?.map(\.ordinary)
    guard let given, given.count <= 16 else { throw .invalid("the axes are missing or too many") }
    let axes = try view.axes(given, rank: x.rank + given.count)
    var shape = x.shape
    for axis in axes.sorted() { shape.insert(1, at: axis) }
    try reshape(view, x, to: shape)
  }

  /// The same elements in ONNX's order under another shape. With the channels last that is free
  /// when the channels stay, or when a fully connected operation can reorder its weights.
  mutating func reshape(
    _ view: ONNXNodeView, _ x: ImportedValue, to shape: [Int]
  ) throws(ImportFailure) {
    let count: Int
    do { count = try Graph.checkedElementCount(shape, node: view.name) } catch {
      throw .invalid("\(error)")
    }
    guard count == x.shape.reduce(1, *) else {
      throw .invalid("\(x.shape) cannot take the shape \(shape)")
    }
    let (source, layout) = try reshapeSource(x, to: shape)
    try emit(view, .reshape(layout.tensorShape(shape)), [source], layout, movedFrom: x)
  }

  /// A tensor whose elements, in their order, are those of the result in the given layout.
  private mutating func reshapeSource(
    _ x: ImportedValue, to shape: [Int]
  ) throws(ImportFailure) -> (TensorIndex, ONNXLayout) {
    let held = try tensor(x, x.layout)
    switch x.layout {
    case .plain: return (held, .plain)
    case .channelsLast, .line:
      if x.layout.permutation(rank: x.rank).keepsOrder(of: x.shape) { return (held, .plain) }
      let keepsBatch = shape.first == x.shape[0]
      if keepsBatch && shape.count == 2 { return (held, .flattened(Array(x.shape[1...]))) }
      if keepsBatch && shape.count > 2 && shape[1] == x.shape[1] {
        return (held, shape.count == 3 ? .line : .channelsLast)
      }
    case .flattened(let dimensions):
      if shape == x.shape { return (held, x.layout) }
      if shape.count > 2 && Array(shape[1...]) == dimensions {
        return (held, shape.count == 3 ? .line : .channelsLast)
      }
    }
    return (try tensor(x, .plain), .plain)
  }
}

extension ONNXExporter {
  mutating func reshape(_ node: Node, _ shape: [Int]) {
    let (source, target) = (node.inputs[0], node.outputs[0])
    let x = graph.tensors[source].shape
    let isFlattening = shape.count == 2 && x.count > 2 && shape[0] == x[0]
    if layout(of: source) == .channelsLast {
      let name = value(source, .channelsLast)
      let fileShape = ONNXLayout.channelsLast.valueShape(x)
      // Alone on its axis, the order of the channels does not matter.
      let keepsOrder = ONNXLayout.channelsLast.permutation(rank: x.count).keepsOrder(of: fileShape)
      if isFlattening {
        let form: ONNXLayout = keepsOrder ? .plain : .flattened(Array(fileShape[1...]))
        return addNode(
          "Flatten", node.name, [name], [make(target, form)], [("axis", .integer(1))])
      }
    }
    let plain = value(source, .plain)
    if isFlattening {
      return addNode(
        "Flatten", node.name, [plain], [make(target, .plain)], [("axis", .integer(1))])
    }
    let name = make(target, .plain)
    let isBatched = shape.first == 1 && shape.count > 1
    let sizes = shape.enumerated().map { Int64($0 == 0 && isBatched ? -1 : $1) }
    let list = initializer(name + "/shape", ONNXValue(shape: [sizes.count], integers: sizes))
    addNode("Reshape", node.name, [plain, list], [name])
  }
}
