import OctetModel

/// The window of a convolution or pool along each spatial axis, as a node gives it.
struct SpatialWindow {
  var kernel, stride, dilation, before, after: [Int]
  /// How many windows there are.
  var outputs: [Int] = []

  /// `x` is the input's spatial shape.
  init(_ view: ONNXNodeView, kernel: [Int], x: [Int]) throws(ImportFailure) {
    let ones = [Int](repeating: 1, count: x.count)
    self.kernel = kernel
    stride = try view.integers("strides") ?? ones
    dilation = try view.integers("dilations") ?? ones
    var pads = try view.integers("pads") ?? [Int](repeating: 0, count: 2 * x.count)
    let mode = try view.string("auto_pad", "NOTSET")
    guard kernel.count == x.count, stride.count == x.count, dilation.count == x.count,
      pads.count == 2 * x.count
    else { throw .invalid("kernel, strides, dilations and pads do not fit \(x.count) dimensions") }
    for values in [kernel, stride, dilation]
    where !values.allSatisfy({ (1...1 << 20).contains($0) }) {
      throw .invalid("kernel, strides or dilations \(values) are out of range")
    }
    let known = ["NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"]
    guard known.contains(mode) else { throw .invalid("auto_pad '\(mode)' is unknown") }
    if mode != "NOTSET" {
      pads = [Int](repeating: 0, count: 2 * x.count)
      for axis in x.indices where mode != "VALID" {
        let outputs = (x[axis] + stride[axis] - 1) / stride[axis]
        let total = max(
          (outputs - 1) * stride[axis] + (kernel[axis] - 1) * dilation[axis] + 1 - x[axis], 0)
        let smaller = total / 2
        pads[axis] = mode == "SAME_UPPER" ? smaller : total - smaller
        pads[axis + x.count] = total - pads[axis]
      }
    }
    guard pads.allSatisfy({ (0...1 << 20).contains($0) }) else {
      throw .unsupported("the pads \(pads) are negative or out of range; crop with Slice instead")
    }
    before = Array(pads[..<x.count])
    after = Array(pads[x.count...])
    for axis in x.indices {
      let free = x[axis] + before[axis] + after[axis] - span(axis)
      guard free >= 0 else { throw .invalid("the window is larger than its padded input \(x)") }
      outputs.append(free / stride[axis] + 1)
    }
  }

  /// Elements from the first to the last of a window.
  func span(_ axis: Int) -> Int { (kernel[axis] - 1) * dilation[axis] + 1 }

  /// Rounds the number of windows up, as `ceil_mode` says; a window must begin inside the image or
  /// the padding before it. Returns the padding that the extra windows need at the end.
  mutating func roundUp(x: [Int]) -> [Int] {
    var extra = [Int](repeating: 0, count: x.count)
    for axis in x.indices {
      let free = x[axis] + before[axis] + after[axis] - span(axis)
      var count = (free + stride[axis] - 1) / stride[axis] + 1
      if (count - 1) * stride[axis] >= x[axis] + before[axis] { count -= 1 }
      outputs[axis] = count
      let reach = (count - 1) * stride[axis] + span(axis) - x[axis] - before[axis]
      if reach < after[axis] { after[axis] = max(reach, 0) }
      extra[axis] = max(reach - after[axis], 0)
    }
    return extra
  }

  /// Fails when a window lies in the padding alone: there is nothing to pool.
  func requireContents(x: [Int]) throws(ImportFailure) {
    for axis in x.indices {
      // Others begin inside.
      let early = min((before[axis] + stride[axis] - 1) / stride[axis], outputs[axis])
      for index in Array(0..<early) + [outputs[axis] - 1] {
        let first = index * stride[axis] - before[axis]
        // The taps that lie before the image.
        let skipped = first < 0 ? (-first + dilation[axis] - 1) / dilation[axis] : 0
        guard skipped < kernel[axis], first + skipped * dilation[axis] < x[axis] else {
          throw .unsupported(
            "its window \(index) along axis \(axis + 2) lies wholly in the padding, where there is "
              + "nothing to pool; use pads smaller than the kernel")
        }
      }
    }
  }

  /// One axis as the width of an image of height 1.
  private func extent(_ values: [Int], _ one: Int = 1) -> Extent {
    values.count == 1
      ? Extent(height: one, width: values[0]) : Extent(height: values[0], width: values[1])
  }

  var kernelExtent: Extent { extent(kernel) }
  var strideExtent: Extent { extent(stride) }
  var dilationExtent: Extent { extent(dilation) }
  var outputExtent: Extent { extent(outputs) }

  func padding(extra: [Int]? = nil) -> Padding {
    let first = extent(before, 0)
    let last = extent(extra.map { zip(after, $0).map { $0 + $1 } } ?? after, 0)
    return Padding(top: first.height, left: first.width, bottom: last.height, right: last.width)
  }
}

extension ONNXImporter {
  /// Fails unless the value has one or two spatial axes.
  func requireImage(_ value: ImportedValue) throws(ImportFailure) {
    if value.rank < 3 { throw .invalid("x needs at least three dimensions, has \(value.shape)") }
    if value.rank > 4 {
      throw .unsupported(
        "it works on \(value.rank - 2) spatial dimensions; Octet has one and two")
    }
  }

  mutating func convolution(_ view: ONNXNodeView) throws(ImportFailure) {
    let (x, weights) = (try view.input(0), try view.input(1))
    if x.rank == 5 { return try convolution3D(view, x, weights) }
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
    let result = try emit(
      isDepthwise ? .depthwiseConvolution(attributes) : .convolution(attributes),
      name: view.name, inputs: operands, output: view.node.outputs[0])
    define(view, result, layout)
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

  mutating func transposedConvolution(_ view: ONNXNodeView) throws(ImportFailure) {
    let (x, weights) = (try view.input(0), try view.input(1))
    if x.rank == 5 { return try transposedConvolution3D(view, x, weights) }
    try requireImage(x)
    let groups = try view.integer("group", 1)
    guard weights.rank == x.rank, groups > 0, weights.shape[0] == x.shape[1],
      x.shape[1] % groups == 0
    else { throw .invalid("weights of shape \(weights.shape) do not fit x of shape \(x.shape)") }
    let window = try TransposedWindow(
      view, kernel: Array(weights.shape[2...]), x: Array(x.shape[2...]))
    var attributes = window.attributes
    attributes.groups = groups
    let layout = ONNXLayout.spatial(rank: x.rank)
    var operands = [
      try tensor(x, layout), try transposedWeights(weights, groups: groups),
    ]
    if let bias = view.optionalInput(2) { operands.append(try tensor(bias, .plain)) }
    let result = try emit(
      .transposedConvolution(attributes), name: view.name, inputs: operands,
      output: view.node.outputs[0])
    define(view, result, layout)
  }

  /// `[I, O / G, KH, KW]` → `[O, KH, KW, I / G]`.
  mutating func transposedWeights(
    _ weights: ImportedValue, groups: Int
  ) throws(ImportFailure) -> TensorIndex {
    let shape = weights.shape
    let kernel = shape.count == 3 ? [1, shape[2]] : Array(shape[2...])
    let split = [groups, shape[0] / groups, shape[1]] + kernel
    let final = [groups * shape[1]] + kernel + [shape[0] / groups]
    if let constant = weights.constant {
      return try constantTensor(
        weights.name, constant.reshaped(split).transposed([0, 2, 3, 4, 1]).reshaped(final),
        tag: "transposed/\(groups)")
    }
    let plain = try reshape(try tensor(weights, .plain), split)
    return try reshape(try transpose(plain, [0, 2, 3, 4, 1]), final)
  }

  mutating func pool(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    guard let kernel = try view.integers("kernel_shape") else {
      throw .invalid("kernel_shape is missing")
    }
    if x.rank == 5 {
      try view.requireOutputs(
        1, "the indices of maxima in three dimensions are not available; use the first output")
      return try pool3D(view, x, kernel)
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
    let result = try emit(
      isMax ? .maxPool(attributes) : .averagePool(attributes), name: view.name, inputs: [source],
      output: view.node.outputs[0])
    define(view, result, layout, movedFrom: x)
    guard view.node.outputs.count > 1, !view.node.outputs[1].isEmpty else { return }
    let isColumnMajor = try view.integer("storage_order") != 0
    let indices = try emit(
      .maxPoolIndices(attributes, isColumnMajor: isColumnMajor), name: view.name + "/indices",
      inputs: [source], output: view.node.outputs[1])
    define(view, at: 1, indices, layout)
  }

  /// ReduceMax; over the whole image it is a max pool, which has an int8 kernel.
  mutating func reduceMaximum(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let given =
      try view.version >= 18 ? view.integersInput(1)?.map(\.ordinary) : view.integers("axes")
    let axes = Set(try view.axes(given ?? [], rank: x.rank))
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
    let result = try emit(
      operation, name: view.name, inputs: [source], output: view.node.outputs[0])
    define(view, result, layout)
  }
}
