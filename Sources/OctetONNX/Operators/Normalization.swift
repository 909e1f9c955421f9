import OctetModel

// Normalizations, as the operations by which ONNX defines them.

extension ONNXOperator {
  static let instanceNormalization = ONNXOperator(
    "InstanceNormalization", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.instanceNormalization(node) })

  static let groupNormalization = ONNXOperator(
    "GroupNormalization", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.groupNormalization(node) })

  static let layerNormalization = ONNXOperator(
    "LayerNormalization",
    read: { (importer, node) throws(ImportFailure) in try importer.layerNormalization(node) })

  static let rootMeanSquareNormalization = ONNXOperator(
    "RMSNormalization",
    read: { (importer, node) throws(ImportFailure) in try importer.rootMeanSquareNormalization(node)
    })

  static let meanVarianceNormalization = ONNXOperator(
    "MeanVarianceNormalization", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.meanVarianceNormalization(node) }
  )
}

extension ONNXImporter {
  /// `x · (mean of squares + epsilon)^−½` over axes of the tensor, and the factor.
  private mutating func scaledByRootMeanSquare(
    _ view: ONNXNodeView, _ source: TensorIndex, axes: [Int]
  ) throws(ImportFailure) -> (normal: TensorIndex, factor: TensorIndex) {
    let epsilon = try number(try view.float("epsilon", 1e-5))
    let square = try step(view, .multiply(.none), [source, source], "/square")
    let mean = try step(view, .mean(axes: axes, keepsDimensions: true), [square], "/variance")
    let bounded = try step(view, .add(.none), [mean, epsilon], "/bounded")
    let factor = try step(view, .power, [bounded, try number(-0.5)], "/factor")
    return (try step(view, .multiply(.none), [source, factor], "/normal"), factor)
  }

  /// x less its mean over axes of the tensor, over its standard deviation.
  private mutating func standardized(
    _ view: ONNXNodeView, _ source: TensorIndex, axes: [Int]
  ) throws(ImportFailure) -> (normal: TensorIndex, mean: TensorIndex, factor: TensorIndex) {
    let mean = try step(view, .mean(axes: axes, keepsDimensions: true), [source], "/mean")
    let centred = try step(view, .subtract(.none), [source, mean], "/centred")
    let scaled = try scaledByRootMeanSquare(view, centred, axes: axes)
    return (scaled.normal, mean, scaled.factor)
  }

  /// Narrow floats are normalized as floats (`stash_type`), before gain and offset.
  private mutating func standardizedAsFloats(
    _ view: ONNXNodeView, _ source: TensorIndex, axes: [Int], subtractsMean: Bool = true
  ) throws(ImportFailure) -> (normal: TensorIndex, mean: TensorIndex?, factor: TensorIndex) {
    // The tensor itself may hold integers for the reals of a grid.
    let type = try view.input(0).elementType.elementType
    guard type.isReal else { throw .invalid("it normalizes integers") }
    guard try view.integer("stash_type", 1) == 1 else {
      throw .unsupported("its stash_type is not 1 (float); export the model with float")
    }
    let isNarrow = type != .float32 && type != .float64
    var held = source
    if isNarrow { held = try step(view, .cast(CastAttributes(.float32)), [held], "/wide") }
    var (normal, factor): (TensorIndex, TensorIndex)
    var mean: TensorIndex?
    if subtractsMean {
      let result = try standardized(view, held, axes: axes)
      (normal, mean, factor) = (result.normal, result.mean, result.factor)
    } else {
      (normal, factor) = try scaledByRootMeanSquare(view, held, axes: axes)
    }
    if isNarrow { normal = try step(view, .cast(CastAttributes(type)), [normal], "/narrow") }
    return (normal, mean, factor)
  }

  /// `normal · gain + offset`, whose tensors broadcast; without an offset only the product.
  mutating func finish(
    _ view: ONNXNodeView, _ normal: TensorIndex, _ gain: TensorIndex, _ offset: TensorIndex?,
    _ layout: ONNXLayout
  ) throws(ImportFailure) {
    let output = view.node.outputs[0]
    guard let offset else {
      let result = try emit(
        .multiply(.none), name: view.name, inputs: [normal, gain], output: output)
      return define(view, result, layout)
    }
    let scaled = try step(view, .multiply(.none), [normal, gain], "/scaled")
    let result = try emit(.add(.none), name: view.name, inputs: [scaled, offset], output: output)
    define(view, result, layout)
  }

  /// Each channel less its mean over the image, over its standard deviation.
  mutating func instanceNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    guard x.rank >= 3 else { throw .invalid("x needs at least three dimensions") }
    let layout = ONNXLayout.spatial(rank: x.rank)
    let source = try tensor(x, layout)
    let axes = Array(1..<graph.tensors[source].shape.count - 1)
    let normal = try standardized(view, source, axes: axes).normal
    try finish(
      view, normal, try tensor(try view.input(1), .plain), try tensor(try view.input(2), .plain),
      layout)
  }

  /// The channels of each group together.
  mutating func groupNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    let groups = try view.integer("num_groups")
    guard x.rank >= 2, groups > 0, x.shape[1] > 0, x.shape[1] % groups == 0 else {
      throw .invalid("\(groups) groups do not fit x of shape \(x.shape)")
    }
    let layout: ONNXLayout = x.rank == 2 ? .plain : .spatial(rank: x.rank)
    let source = try tensor(x, layout)
    let (shape, channels) = (graph.tensors[source].shape, x.shape[1])
    let area = x.shape[2...].reduce(1, *)
    let grouped = try reshape(source, [x.shape[0], area, groups, channels / groups])
    let normal = try standardizedAsFloats(view, grouped, axes: [1, 3]).normal
    var parameters: [TensorIndex] = []
    for index in 1...2 {
      let value = try view.input(index)
      guard value.shape == [channels] else {
        throw .invalid("input \(index) of shape \(value.shape) should have \(channels) elements")
      }
      parameters.append(try tensor(value, .plain))
    }
    try finish(view, try reshape(normal, shape), parameters[0], parameters[1], layout)
  }

  /// Over the axes from `axis` to the last.
  mutating func layerNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let (layout, axes) = try normalizedAxes(view, x)
    let result = try standardizedAsFloats(view, try tensor(x, layout), axes: axes)
    let gain = try trailingOperand(try view.input(1), x, layout)
    var offset: TensorIndex?
    if let value = view.optionalInput(2) { offset = try trailingOperand(value, x, layout) }
    try finish(view, result.normal, gain, offset, layout)
    for (index, tensor) in [(1, result.mean), (2, result.factor)] {
      guard view.node.outputs.indices.contains(index), !view.node.outputs[index].isEmpty,
        let tensor
      else { continue }
      rename(tensor, view.node.outputs[index])
      define(view, at: index, tensor, layout)
    }
  }

  mutating func rootMeanSquareNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let (layout, axes) = try normalizedAxes(view, x)
    let result = try standardizedAsFloats(
      view, try tensor(x, layout), axes: axes, subtractsMean: false)
    let gain = try trailingOperand(try view.input(1), x, layout)
    try finish(view, result.normal, gain, nil, layout)
  }

  /// The axes from `axis` to the last, of the tensor in the layout that goes with them.
  private func normalizedAxes(
    _ view: ONNXNodeView, _ x: ImportedValue
  ) throws(ImportFailure) -> (layout: ONNXLayout, axes: [Int]) {
    try requireOwnElements(x)
    let first = try view.axis(try view.integer("axis", -1), rank: x.rank)
    let layout = addressable(x)
    return (layout, (first..<x.rank).map { layout.tensorAxis($0, rank: x.rank) }.sorted())
  }

  /// A gain or offset that broadcasts to x.
  private mutating func trailingOperand(
    _ value: ImportedValue, _ x: ImportedValue, _ layout: ONNXLayout
  ) throws(ImportFailure) -> TensorIndex {
    let own = [Int](repeating: 1, count: max(x.rank - value.rank, 0)) + value.shape
    guard own.count == x.rank, zip(own, x.shape).allSatisfy({ $0 == 1 || $0 == $1 }) else {
      throw .invalid("'\(value.name)' of shape \(value.shape) does not fit x of shape \(x.shape)")
    }
    return try broadcastOperand(value, rank: x.rank, layout)
  }

  mutating func meanVarianceNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    let layout = addressable(x)
    let axes = try view.axes(try view.integers("axes") ?? [0, 2, 3], rank: x.rank)
      .map { layout.tensorAxis($0, rank: x.rank) }.sorted()
    let source = try tensor(x, layout)
    let average = Operation.mean(axes: axes, keepsDimensions: true)
    let mean = try step(view, average, [source], "/mean")
    let centred = try step(view, .subtract(.none), [source, mean], "/centred")
    let square = try step(view, .multiply(.none), [centred, centred], "/square")
    let variance = try step(view, average, [square], "/variance")
    let deviation = try step(view, .scalar(.squareRoot), [variance], "/deviation")
    let bounded = try step(view, .add(.none), [deviation, try number(1e-9)], "/bounded")
    try emit(view, .divide(.none), [centred, bounded], layout)
  }
}
