import OctetModel

extension ONNXOperator {
  static let pool = ONNXOperator(
    "MaxPool", "AveragePool", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.pool(node) },
    evaluate: { (call) throws(ImportFailure) in try call.pool() })

  static let globalPool = ONNXOperator(
    "GlobalAveragePool", "GlobalMaxPool", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.globalPool(node) },
    evaluate: { (call) throws(ImportFailure) in [try call.globalPool()] })
}

extension ONNXImporter {
  mutating func pool(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    guard let kernel = try view.integers("kernel_shape") else {
      throw .invalid("kernel_shape is missing")
    }
    try requireImage(x)
    let isMax = view.operatorName == "MaxPool"
    let spatial = Array(x.shape[2...])
    var window = try SpatialWindow(view, kernel: kernel, x: spatial)
    let extra = try view.integer("ceil_mode") != 0 ? window.roundUp(x: spatial) : nil
    let layout = ONNXLayout.spatial(rank: x.rank)
    var source = try tensor(x, layout)
    var attributes = PoolAttributes(kernel: window.kernelExtent, stride: window.strideExtent)
    attributes.dilation = window.dilationExtent
    attributes.padding = window.padding(extra: extra)
    let countsPadding = try view.integer("count_include_pad") != 0
    attributes.countsPadding = !isMax && countsPadding
    if !attributes.countsPadding { try window.requireContents(x: spatial) }
    if attributes.countsPadding, let extra, extra.contains(where: { $0 > 0 }) {
      // The divisor counts the padding, but not what rounding up has added.
      let padding = window.padding()
      source = try emit(
        .pad(
          before: [0, padding.top, padding.left, 0], after: [0, padding.bottom, padding.right, 0],
          mode: .constant(0)),
        name: view.name + "/pad", inputs: [source], output: view.name + "/pad")
      let whole = attributes.padding
      attributes.padding = Padding(
        top: 0, left: 0, bottom: whole.bottom - padding.bottom,
        right: whole.right - padding.right)
      attributes.countsPadding = false
    }
    try emit(
      view, isMax ? .maxPool(attributes) : .averagePool(attributes), [source], layout, movedFrom: x)
    guard view.node.outputs.count > 1, !view.node.outputs[1].isEmpty else { return }
    let isColumnMajor = try view.integer("storage_order") != 0
    let indices = try emit(
      .maxPoolIndices(attributes, isColumnMajor: isColumnMajor), name: view.name + "/indices",
      inputs: [source], output: view.node.outputs[1])
    define(view, at: 1, indices, layout)
  }

  mutating func globalPool(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    guard x.rank >= 3 else { throw .invalid("x needs at least three dimensions") }
    let isMax = view.operatorName == "GlobalMaxPool"
    if isMax { try requireImage(x) }
    let layout: ONNXLayout = x.rank == 3 ? .line : .channelsLast
    let source = try tensor(x, layout)
    let shape = graph.tensors[source].shape
    let operation: Operation
    if isMax {
      let kernel = Extent(height: shape[1], width: shape[2])
      operation = .maxPool(PoolAttributes(kernel: kernel, stride: Extent(1)))
    } else {
      operation = .mean(axes: Array(1..<shape.count - 1), keepsDimensions: true)
    }
    try emit(view, operation, [source], layout)
  }
}

extension ONNXCall {
  func pool() throws(ImportFailure) -> [ONNXValue] {
    let x = try input(0)
    let kernel = try view.integers("kernel_shape") ?? []
    guard x.shape.count >= 3 else { throw .invalid("x has too few dimensions") }
    let image = Array(x.shape[2...])
    let window = try Window(view, kernel: kernel, image: image)
    let ceiling = try view.integer("ceil_mode") != 0
    let shape = Array(x.shape[..<2]) + (try window.outputs(image, ceiling: ceiling))
    try limitWork(try count(shape), kernel.reduce(1, *))
    let isMax = view.operatorName == "MaxPool"
    let countsPadding = try view.integer("count_include_pad") != 0
    let values = x.reals
    let (taps, pixels) = (window.taps, image.reduce(1, *))
    let result = try real(shape) { index in
      var (top, sum, number) = (-Float.infinity, 0.0, 0)
      let channel = index[0] * x.shape[1] + index[1]
      for tap in taps {
        switch window.place(index, tap, in: image) {
        case .image(let pixel):
          let value = values[channel * pixels + pixel]
          top = max(top, value)
          sum += Double(value)
          number += 1
        case .padding: number += countsPadding ? 1 : 0
        case .beyond: continue
        }
      }
      return isMax ? top : Float(sum / Double(max(number, 1)))
    }
    let typed =
      x.integers == nil
      ? result
      : ONNXValue(
        shape: shape, integers: result.reals.map { Int64(clamping: Double($0)) },
        elementType: x.elementType)
    let hasIndices = view.node.outputs.count > 1 && !view.node.outputs[1].isEmpty
    return hasIndices ? [typed, try maximaIndices()] : [typed]
  }

  /// Where in x the first maximum of each window lies.
  private func maximaIndices() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let image = Array(x.shape[2...])
    let window = try Window(view, kernel: try view.integers("kernel_shape") ?? [], image: image)
    let ceiling = try view.integer("ceil_mode") != 0
    let shape = Array(x.shape[..<2]) + (try window.outputs(image, ceiling: ceiling))
    let isColumnMajor = try view.integer("storage_order") != 0
    try limitWork(try count(shape), window.kernel.reduce(1, *))
    let (values, taps, pixels) = (x.reals, window.taps, image.reduce(1, *))
    var result: [Int64] = []
    forEachIndex(in: shape) { index in
      let channel = index[0] * x.shape[1] + index[1]
      var (top, best) = (-Float.infinity, 0)
      for tap in taps {
        guard case .image(let pixel) = window.place(index, tap, in: image) else { continue }
        if values[channel * pixels + pixel] > top {
          (top, best) = (values[channel * pixels + pixel], pixel)
        }
      }
      // In column-major order the first spatial axis runs fastest.
      var (rest, place) = (best, 0)
      for axis in image.indices.reversed() where isColumnMajor {
        place += rest % image[axis] * image[..<axis].reduce(1, *)
        rest /= image[axis]
      }
      result.append(Int64(channel * pixels + (isColumnMajor ? place : best)))
    }
    return ONNXValue(shape: shape, integers: result)
  }

  func globalPool() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    guard x.shape.count >= 3 else { throw .invalid("x has too few dimensions") }
    let count = x.shape[2...].reduce(1, *)
    try limitWork(x.count, 1)
    let values = x.reals
    let shape = Array(x.shape[..<2]) + x.shape[2...].map { _ in 1 }
    return try real(shape) { index in
      let first = (index[0] * x.shape[1] + index[1]) * count
      let plane = values[first..<first + count]
      if view.operatorName == "GlobalMaxPool" { return plane.max() ?? -.infinity }
      return Float(plane.reduce(0.0) { $0 + Double($1) } / Double(max(count, 1)))
    }
  }
}

extension ONNXExporter {
  /// A pool; with `indicesAreColumnMajor`, that of which the node gives the places of the maxima.
  mutating func pool(
    _ node: Node, _ operatorName: String, _ values: PoolAttributes,
    indicesAreColumnMajor: Bool? = nil
  ) {
    var attributes: Attributes = [
      ("kernel_shape", pair(values.kernel)), ("pads", pads(values.padding)),
      ("strides", pair(values.stride)),
    ]
    if values.dilation != Extent(1) { attributes.append(("dilations", pair(values.dilation))) }
    if values.countsPadding { attributes.append(("count_include_pad", .integer(1))) }
    let source = image(node.inputs[0])
    let target = makeImage(node)
    if let indicesAreColumnMajor {
      attributes.append(("storage_order", .integer(indicesAreColumnMajor ? 1 : 0)))
      return addNode(
        operatorName, node.name, [source], [freshValue(target + "/maxima"), target], attributes)
    }
    let result = resultName(target, values.activation)
    addNode(operatorName, node.name, [source], [result], attributes)
    finish(node, values.activation, from: result, to: target)
  }
}
