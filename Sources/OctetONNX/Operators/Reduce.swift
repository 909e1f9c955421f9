import OctetModel

extension ONNXOperator {
  static let reduceMean = ONNXOperator(
    "ReduceMean",
    read: { (importer, node) throws(ImportFailure) in
      try importer.reduce(node) { .mean(axes: $0, keepsDimensions: $1) }
    })

  /// Over the whole image it is a max pool.
  static let reduceMaximum = ONNXOperator(
    "ReduceMax",
    read: { (importer, node) throws(ImportFailure) in try importer.reduceMaximum(node) })

  static let reductions: [ONNXOperator] = Reduction.allCases.filter { $0 != .maximum }
    .map { reduction in
      ONNXOperator(
        reduction.onnxOperator,
        read: { (importer, node) throws(ImportFailure) in
          try importer.reduce(node) { .reduce(reduction, axes: $0, keepsDimensions: $1) }
        })
    }
}

extension Reduction {
  var onnxOperator: String {
    switch self {
    case .sum: "ReduceSum"
    case .product: "ReduceProd"
    case .maximum: "ReduceMax"
    case .minimum: "ReduceMin"
    case .sumOfSquares: "ReduceSumSquare"
    case .norm1: "ReduceL1"
    case .norm2: "ReduceL2"
    case .logarithmOfSum: "ReduceLogSum"
    case .logarithmOfSumOfExponentials: "ReduceLogSumExp"
    }
  }
}

extension ONNXImporter {
  mutating func reduce(
    _ view: ONNXNodeView, _ operation: ([Int], Bool) -> Operation
  ) throws(ImportFailure) {
    let x = try view.input(0)
    let given = try view.integersInput(1)?.map(\.ordinary) ?? []
    var axes = try view.axes(given, rank: x.rank).sorted()
    if axes.isEmpty {
      if try view.integer("noop_with_empty_axes") != 0 {
        // Nothing is summed; what is done to each element stays.
        return try reduce(view, x, axes: [], keeps: true, operation([], true))
      }
      axes = Array(0..<x.rank)
    }
    let keeps = try view.integer("keepdims", 1) != 0
    let layout = reductionLayout(x, axes: axes, keeps: keeps)
    let tensorAxes = axes.map { layout.tensorAxis($0, rank: x.rank) }.sorted()
    try reduce(view, x, axes: axes, keeps: keeps, operation(tensorAxes, keeps))
  }

  mutating func reduce(
    _ view: ONNXNodeView, _ x: ImportedValue, axes: [Int], keeps: Bool, _ operation: Operation
  ) throws(ImportFailure) {
    try requireOwnElements(x)
    let layout = reductionLayout(x, axes: axes, keeps: keeps)
    try emit(view, operation, [try tensor(x, layout)], keeps ? layout : .plain)
  }

  /// A layout in which what is left stands in ONNX's order.
  func reductionLayout(
    _ x: ImportedValue, axes: [Int], keeps: Bool
  ) -> ONNXLayout {
    let layout = addressable(x)
    if keeps { return layout }
    let left = layout.permutation(rank: x.rank).filter { !axes.contains($0) }
    return left != left.sorted() || layout == .line ? .plain : layout
  }

  /// ReduceMax; over the whole image it is a max pool, which has an int8 kernel.
  mutating func reduceMaximum(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let given = try view.integersInput(1)?.map(\.ordinary) ?? []
    let axes = Set(try view.axes(given, rank: x.rank))
    guard x.rank == 4, axes == [2, 3], x.elementType == .float, !x.shape.contains(0) else {
      return try reduce(view) { .reduce(.maximum, axes: $0, keepsDimensions: $1) }
    }
    let keeps = try view.integer("keepdims", 1) != 0
    let source = try tensor(x, .channelsLast)
    let kernel = Extent(height: x.shape[2], width: x.shape[3])
    let output = view.node.outputs[0]
    let result = try emit(
      .maxPool(PoolAttributes(kernel: kernel, stride: Extent(1))), name: view.name,
      inputs: [source], output: keeps ? output : view.name + "/pool")
    if keeps { return define(view, result, .channelsLast) }
    let flat = try emit(
      .reshape([x.shape[0], x.shape[1]]), name: view.name + "/flat", inputs: [result],
      output: output)
    define(view, flat, .plain)
  }
}

extension ONNXExporter {
  /// ReduceSum takes its axes as an input, the others as an attribute.
  mutating func reduce(
    _ node: Node, _ reduction: Reduction, _ axes: [Int], _ keeps: Bool
  ) {
    var inputs = [value(node.inputs[0], .plain)]
    var attributes: Attributes = [("keepdims", .integer(keeps ? 1 : 0))]
    let list = axes.map { Int64($0) }
    if axes.isEmpty {
      // Every element by itself: what is reduced is an axis of 1 that is added and goes again.
      inputs = [reshaped(inputs[0], graph.tensors[node.inputs[0]].shape + [1])]
      attributes = [("keepdims", .integer(0))]
    }
    let fileAxes = axes.isEmpty ? [Int64(-1)] : list
    if reduction == .sum {
      inputs.append(
        initializer(
          node.name + "/axes", ONNXValue(shape: [fileAxes.count], integers: fileAxes)))
    } else {
      attributes.append(("axes", .integers(fileAxes)))
    }
    addNode(
      reduction.onnxOperator, node.name, inputs, [make(node.outputs[0], .plain)], attributes)
  }

  mutating func mean(_ node: Node, _ axes: [Int], _ keeps: Bool) {
    var layout = addressable(node.inputs[0])
    let rank = graph.tensors[node.inputs[0]].shape.count
    if layout == .channelsLast && keeps && axes.sorted() == Array(1..<rank - 1) {
      let source = value(node.inputs[0], layout)
      return addNode(
        "GlobalAveragePool", node.name, [source], [make(node.outputs[0], layout)])
    }
    if !keeps {
      let left = (0..<rank).filter { !axes.contains($0) }.map { fileAxis($0, node, layout) }
      if left != left.sorted() { layout = .plain }
    }
    let source = value(node.inputs[0], layout)
    let fileAxes = axes.map { Int64(fileAxis($0, node, layout)) }.sorted()
    addNode(
      "ReduceMean", node.name, [source], [make(node.outputs[0], keeps ? layout : .plain)],
      [("axes", .integers(fileAxes)), ("keepdims", .integer(keeps ? 1 : 0))])
  }
}
