import OctetModel

// Lᵖ norms.

extension ONNXOperator {
  static let normNormalization = ONNXOperator(
    "LpNormalization",
    read: { (importer, node) throws(ImportFailure) in try importer.normNormalization(node) })

  static let normPool = ONNXOperator(
    "LpPool", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.normPool(node) })

  static let globalNormPool = ONNXOperator(
    "GlobalLpPool", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.globalNormPool(node) })
}

extension ONNXImporter {
  /// The p of a norm; pools gave it as a float in operator set 1.
  func exponent(_ view: ONNXNodeView) throws(ImportFailure) -> Float {
    var result: Float = 2
    switch view.node.attributes["p"] {
    case nil: break
    case .float(let value): result = value
    default: result = Float(try view.integer("p"))
    }
    guard (1...64).contains(result) else { throw .unsupported("its p is \(result); use 1 to 64") }
    return result
  }

  /// `|x|ᵖ`
  private mutating func powered(
    _ view: ONNXNodeView, _ source: TensorIndex, _ p: Float
  ) throws(ImportFailure) -> TensorIndex {
    if p == 2 { return try step(view, .multiply(.none), [source, source], "/square") }
    let magnitude = try step(view, .scalar(.absolute), [source], "/magnitude")
    return p == 1 ? magnitude : try step(view, .power, [magnitude, try number(p)], "/power")
  }

  /// The p-th root, under the name of the node's output.
  mutating func root(
    _ view: ONNXNodeView, _ sum: TensorIndex, _ p: Float, name: String, output: String
  ) throws(ImportFailure) -> TensorIndex {
    switch p {
    case 1: try emit(.identity, name: name, inputs: [sum], output: output)
    case 2: try emit(.scalar(.squareRoot), name: name, inputs: [sum], output: output)
    default:
      try emit(.power, name: name, inputs: [sum, try number(1 / p)], output: output)
    }
  }

  /// The norm of each window: its sum is a depthwise convolution with ones.
  mutating func normPool(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    try requireImage(x)
    guard let kernel = try view.integers("kernel_shape") else {
      throw .invalid("kernel_shape is missing")
    }
    let (p, spatial) = (try exponent(view), Array(x.shape[2...]))
    var window = try SpatialWindow(view, kernel: kernel, x: spatial)
    let extra = try view.integer("ceil_mode") != 0 ? window.roundUp(x: spatial) : nil
    var attributes = ConvolutionAttributes()
    attributes.stride = window.strideExtent
    attributes.dilation = window.dilationExtent
    attributes.padding = window.padding(extra: extra)
    let extent = window.kernelExtent
    let (area, overflow) = extent.height.multipliedReportingOverflow(by: extent.width)
    let (count, isTooMany) = area.multipliedReportingOverflow(by: x.shape[1])
    guard !overflow, !isTooMany, count <= 1 << 20 else {
      throw .unsupported("its windows have more than 2²⁰ elements")
    }
    try spend(count)
    let ones = ONNXValue(
      shape: [1, extent.height, extent.width, x.shape[1]],
      reals: [Float](repeating: 1, count: count))
    let layout = ONNXLayout.spatial(rank: x.rank)
    let power = try powered(view, try tensor(x, layout), p)
    let weights = try constantTensor(view.name + "/ones", ones, tag: "ones")
    let sum = try step(view, .depthwiseConvolution(attributes), [power, weights], "/sum")
    define(
      view, try root(view, sum, p, name: view.name, output: view.node.outputs[0]), layout)
  }

  mutating func globalNormPool(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    guard x.rank >= 3 else { throw .invalid("x needs at least three dimensions") }
    let (p, layout) = (try exponent(view), ONNXLayout.spatial(rank: x.rank))
    let power = try powered(view, try tensor(x, layout), p)
    let axes = Array(1..<graph.tensors[power].shape.count - 1)
    let sum = try step(view, .reduce(.sum, axes: axes, keepsDimensions: true), [power], "/sum")
    define(
      view, try root(view, sum, p, name: view.name, output: view.node.outputs[0]), layout)
  }

  /// x over its norm along an axis, 0 where that is 0.
  mutating func normNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    let axis = try view.axis(try view.integer("axis", -1), rank: x.rank)
    let (p, layout) = (try exponent(view), addressable(x))
    guard p <= 2 else { throw .invalid("its p is \(p), not 1 or 2") }
    let source = try tensor(x, layout)
    let power = try powered(view, source, p)
    let axes = [layout.tensorAxis(axis, rank: x.rank)]
    let sum = try step(view, .reduce(.sum, axes: axes, keepsDimensions: true), [power], "/sum")
    let name = view.name + "/norm"
    let norm = try root(view, sum, p, name: name, output: name)
    // x is 0 wherever the bound is the greater.
    let bounded = try step(
      view, .maximum, [norm, try number(.leastNormalMagnitude)], "/bounded")
    try emit(view, .divide(.none), [source, bounded], layout)
  }
}
