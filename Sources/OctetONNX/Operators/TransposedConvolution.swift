import OctetModel

extension ONNXOperator {
  static let transposedConvolution = ONNXOperator(
    "ConvTranspose", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.transposedConvolution(node) },
    evaluate: { (call) throws(ImportFailure) in [try call.transposedConvolution()] })
}

/// The window of a transposed convolution.
struct TransposedWindow {
  let kernel, stride, dilation, outputs: [Int]
  /// Before each axis, then after each.
  let pads: [Int]

  /// `x` is the input's spatial shape. The rules are those of ConvTranspose's documentation.
  init(_ view: ONNXNodeView, kernel: [Int], x: [Int]) throws(ImportFailure) {
    let ones = [Int](repeating: 1, count: x.count)
    let zeros = [Int](repeating: 0, count: x.count)
    let stride = try view.integers("strides") ?? ones
    let dilation = try view.integers("dilations") ?? ones
    let extra = try view.integers("output_padding") ?? zeros
    var pads = try view.integers("pads") ?? zeros + zeros
    let mode = try view.string("auto_pad", "NOTSET")
    let requested = try view.integers("output_shape")
    let lists = [kernel, stride, dilation, extra] + (requested.map { [$0] } ?? [])
    guard lists.allSatisfy({ $0.count == x.count }), pads.count == 2 * x.count else {
      throw .invalid("kernel, strides and pads do not fit \(x.count) dimensions")
    }
    guard (kernel + stride + dilation).allSatisfy({ (1...1 << 20).contains($0) }),
      (pads + extra).allSatisfy({ (0...1 << 20).contains($0) }),
      (requested ?? []).allSatisfy({ (1...1 << 28).contains($0) })
    else { throw .invalid("kernel, strides, dilations or pads are out of range") }
    var outputs: [Int] = []
    for axis in x.indices {
      let full =
        stride[axis] * (x[axis] - 1) + extra[axis] + (kernel[axis] - 1) * dilation[axis] + 1
      let wanted = requested?[axis] ?? (mode.hasPrefix("SAME") ? x[axis] * stride[axis] : nil)
      if let wanted {
        let total = max(full - wanted, 0)
        let isUpper = mode == "SAME_UPPER"
        pads[axis] = isUpper ? total / 2 : total - total / 2
        pads[axis + x.count] = total - pads[axis]
        outputs.append(wanted)
      } else {
        if mode == "VALID" { (pads[axis], pads[axis + x.count]) = (0, 0) }
        outputs.append(full - pads[axis] - pads[axis + x.count])
      }
      guard (outputs[axis]).magnitude < 1 << 28, outputs[axis] > 0 else {
        throw .invalid("the result has no elements or too many along axis \(axis + 2)")
      }
    }
    (self.kernel, self.stride, self.dilation, self.outputs) = (kernel, stride, dilation, outputs)
    self.pads = pads
  }

  /// One axis as the width of an image of height 1; of three the last two.
  func extent(_ values: [Int], _ one: Int = 1) -> Extent {
    values.count == 1
      ? Extent(height: one, width: values[0])
      : Extent(height: values[values.count - 2], width: values[values.count - 1])
  }

  var attributes: TransposedConvolutionAttributes {
    var result = TransposedConvolutionAttributes(outputExtent: extent(outputs))
    result.stride = extent(stride)
    result.dilation = extent(dilation)
    let first = extent(Array(pads.prefix(outputs.count)), 0)
    let last = extent(Array(pads.suffix(outputs.count)), 0)
    result.padding = Padding(
      top: first.height, left: first.width, bottom: last.height, right: last.width)
    return result
  }
}

extension ONNXImporter {
  mutating func transposedConvolution(_ view: ONNXNodeView) throws(ImportFailure) {
    let (x, weights) = (try view.input(0), try view.input(1))
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
    try emit(view, .transposedConvolution(attributes), operands, layout)
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
}

extension ONNXCall {
  /// Output element o gets x[i] · w[k] wherever i · stride + k · dilation − pad = o.
  func transposedConvolution() throws(ImportFailure) -> ONNXValue {
    let (x, weights) = (try input(0), try input(1))
    let groups = try view.integer("group", 1)
    guard x.shape.count >= 3, weights.shape.count == x.shape.count,
      (1...1 << 20).contains(groups),
      x.shape[1] == weights.shape[0], x.shape[1] % groups == 0
    else { throw .invalid("weights of shape \(weights.shape) do not fit \(x.shape)") }
    let image = Array(x.shape[2...])
    let kernel = Array(weights.shape[2...])
    var window = try Window(view, kernel: kernel, image: image)
    let extra = try view.integers("output_padding") ?? image.map { _ in 0 }
    let fixed = try view.integers("output_shape")
    guard extra.count == image.count, fixed?.count ?? image.count == image.count,
      optional(2)?.count ?? weights.shape[1] * groups == weights.shape[1] * groups
    else { throw .invalid("output_padding, output_shape or the bias does not fit") }
    let mode = try view.string("auto_pad", "NOTSET")
    var outputs: [Int] = []
    for axis in image.indices {
      let full =
        (image[axis] - 1) * window.stride[axis] + window.dilation[axis] * (kernel[axis] - 1) + 1
        + extra[axis]
      if mode.hasPrefix("SAME") || fixed != nil {
        let wanted = fixed?[axis] ?? image[axis] * window.stride[axis]
        let cropped = max(0, full - wanted)
        window.before[axis] = mode == "SAME_UPPER" ? cropped / 2 : (cropped + 1) / 2
        outputs.append(wanted)
      } else {
        outputs.append(full - window.before[axis] - window.after[axis])
      }
    }
    let perGroup = weights.shape[1]
    let shape = [x.shape[0], perGroup * groups] + outputs
    try limitWork(try count(shape), kernel.reduce(x.shape[1] / groups, *))
    let (values, factors, offsets) = (x.reals, weights.reals, optional(2)?.reals)
    let perInput = x.shape[1] / groups
    return try real(shape) { index in
      var sum = Double(offsets?[index[1]] ?? 0)
      let group = index[1] / perGroup
      forEachIndex(in: kernel) { tap in
        var source: [Int] = []
        for axis in image.indices {
          let distance = index[axis + 2] + window.before[axis] - tap[axis] * window.dilation[axis]
          let (i, rest) = distance.quotientAndRemainder(dividingBy: window.stride[axis])
          if rest != 0 || !(0..<image[axis]).contains(i) { return }
          source.append(i)
        }
        for c in group * perInput..<(group + 1) * perInput {
          sum +=
            Double(values[x.offset([index[0], c] + source)])
            * Double(factors[weights.offset([c, index[1] % perGroup] + tap)])
        }
      }
      return Float(sum)
    }
  }
}

extension ONNXExporter {
  mutating func transposedConvolution(
    _ node: Node, _ values: TransposedConvolutionAttributes
  ) throws(ImportFailure) {
    let shape = graph.tensors[node.inputs[1]].shape
    let groups = values.groups
    try weighted(
      node, "ConvTranspose", transposedAttributes(node, values), form: "transposed",
      values.activation
    ) {
      // [O, KH, KW, I / G] → [I, O / G, KH, KW]
      $0.reshaped([groups, shape[0] / groups] + shape[1...])
        .transposed([0, 4, 1, 2, 3])
        .reshaped([groups * shape[3], shape[0] / groups, shape[1], shape[2]])
    }
  }

  private func transposedAttributes(
    _ node: Node, _ values: TransposedConvolutionAttributes
  ) -> Attributes {
    let (x, weights) = (graph.tensors[node.inputs[0]].shape, graph.tensors[node.inputs[1]].shape)
    func rest(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
      stride * (input - 1) + (kernel - 1) * dilation + 1
    }
    let bottom =
      rest(x[1], weights[1], values.stride.height, values.dilation.height) - values.padding.top
      - values.outputExtent.height
    let right =
      rest(x[2], weights[2], values.stride.width, values.dilation.width) - values.padding.left
      - values.outputExtent.width
    let padding = Padding(
      top: values.padding.top, left: values.padding.left, bottom: max(bottom, 0),
      right: max(right, 0))
    return [
      ("dilations", pair(values.dilation)), ("group", .integer(Int64(values.groups))),
      ("kernel_shape", pair(Extent(height: weights[1], width: weights[2]))),
      ("output_padding", pair(Extent(height: max(-bottom, 0), width: max(-right, 0)))),
      ("pads", pads(padding)), ("strides", pair(values.stride)),
    ]
  }
}
