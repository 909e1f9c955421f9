import OctetModel

extension ONNXOperator {
  static let convolution = ONNXOperator(
    "Conv", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.convolution(node) },
    evaluate: { (call) throws(ImportFailure) in [try call.convolution()] })
}

extension ONNXImporter {
  mutating func convolution(_ view: ONNXNodeView) throws(ImportFailure) {
    let (x, weights) = (try view.input(0), try view.input(1))
    try requireImage(x)
    guard weights.rank == x.rank, weights.shape[1] > 0 else {
      throw .invalid("weights of shape \(weights.shape) do not fit x of shape \(x.shape)")
    }
    let groups = try view.integer("group", 1)
    let (outputChannels, channels) = (weights.shape[0], x.shape[1])
    guard groups > 0, channels == groups * weights.shape[1], outputChannels % groups == 0 else {
      throw .invalid("weights of shape \(weights.shape) do not fit x of shape \(x.shape)")
    }
    if let kernel = try view.integers("kernel_shape"), kernel != Array(weights.shape[2...]) {
      throw .invalid("kernel_shape \(kernel) is not that of the weights \(weights.shape)")
    }
    let window = try SpatialWindow(
      view, kernel: Array(weights.shape[2...]), x: Array(x.shape[2...]))
    var attributes = ConvolutionAttributes()
    attributes.stride = window.strideExtent
    attributes.dilation = window.dilationExtent
    attributes.padding = window.padding()
    let layout = ONNXLayout.spatial(rank: x.rank)
    var operands = [try tensor(x, layout)]
    let isDepthwise = groups == channels && groups > 1
    if isDepthwise {
      operands.append(try depthwiseWeights(weights))
    } else {
      attributes.groups = groups
      operands.append(try tensor(weights, layout))
    }
    if let bias = view.optionalInput(2) { operands.append(try tensor(bias, .plain)) }
    try emit(
      view, isDepthwise ? .depthwiseConvolution(attributes) : .convolution(attributes), operands,
      layout)
  }

  /// `[O, 1, KH, KW]` → `[1, KH, KW, O]`.
  private mutating func depthwiseWeights(
    _ weights: ImportedValue
  ) throws(ImportFailure) -> TensorIndex {
    let shape = weights.shape
    let wide = shape.count == 3 ? [shape[0], shape[1], 1, shape[2]] : shape
    if let constant = weights.constant {
      return try constantTensor(
        weights.name, constant.reshaped(wide).transposed([1, 2, 3, 0]), tag: "depthwise")
    }
    return try transpose(try reshape(try tensor(weights, .plain), wide), [1, 2, 3, 0])
  }
}

extension ONNXCall {
  /// Each output element by itself, in doubles.
  func convolution() throws(ImportFailure) -> ONNXValue {
    let (x, weights, bias) = (try input(0), try input(1), optional(2))
    let groups = try view.integer("group", 1)
    guard x.shape.count >= 3, weights.shape.count == x.shape.count, (1...1 << 20).contains(groups),
      x.shape[1] == groups * weights.shape[1], weights.shape[0] % groups == 0
    else { throw .invalid("weights of shape \(weights.shape) do not fit \(x.shape)") }
    let image = Array(x.shape[2...])
    let kernel = Array(weights.shape[2...])
    let window = try Window(view, kernel: kernel, image: image)
    let shape = [x.shape[0], weights.shape[0]] + (try window.outputs(image))
    try limitWork(try count(shape), kernel.reduce(weights.shape[1], *))
    let (values, factors, offsets) = (x.reals, weights.reals, bias?.reals)
    guard offsets?.count ?? shape[1] == shape[1] else { throw .invalid("the bias does not fit") }
    let (perGroup, channels) = (max(shape[1] / groups, 1), weights.shape[1])
    let (taps, pixels) = (window.taps, image.reduce(1, *))
    return try real(shape) { index in
      var sum = Double(offsets?[index[1]] ?? 0)
      let channel = index[0] * x.shape[1] + index[1] / perGroup * channels
      for (k, tap) in taps.enumerated() {
        guard case .image(let pixel) = window.place(index, tap, in: image) else { continue }
        for c in 0..<channels {
          let factor = factors[(index[1] * channels + c) * taps.count + k]
          sum += Double(values[(channel + c) * pixels + pixel]) * Double(factor)
        }
      }
      return Float(sum)
    }
  }
}

extension ONNXExporter {
  mutating func convolution(
    _ node: Node, _ values: ConvolutionAttributes
  ) throws(ImportFailure) {
    let shape = graph.tensors[node.inputs[1]].shape
    let isDepthwise = if case .depthwiseConvolution = node.operation { true } else { false }
    let groups = isDepthwise ? graph.tensors[node.inputs[0]].shape[3] : values.groups
    try weighted(
      node, "Conv",
      [
        ("dilations", pair(values.dilation)), ("group", .integer(Int64(groups))),
        ("kernel_shape", pair(Extent(height: shape[1], width: shape[2]))),
        ("pads", pads(values.padding)), ("strides", pair(values.stride)),
      ], form: isDepthwise ? "depthwise" : "channelsLast", values.activation
    ) { isDepthwise ? $0.transposed([3, 0, 1, 2]) : $0.transposed([0, 3, 1, 2]) }
  }
}
