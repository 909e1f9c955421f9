import OctetModel

extension ONNXExporter {
  typealias Attributes = [(name: String, value: ONNXAttribute)]

  mutating func export(_ node: Node) throws(ImportFailure) {
    switch node.operation {
    case .convolution(let attributes), .depthwiseConvolution(let attributes):
      try convolution(node, attributes)
    case .transposedConvolution(let attributes): try transposedConvolution(node, attributes)
    case .fullyConnected(let attributes): try fullyConnected(node, attributes)
    case .matrixMultiply: plain(node, "MatMul")
    case .maxPool(let attributes): pool(node, "MaxPool", attributes)
    case .averagePool(let attributes): pool(node, "AveragePool", attributes)
    case .maxPoolIndices(let attributes, let isColumnMajor):
      pool(node, "MaxPool", attributes, indicesAreColumnMajor: isColumnMajor)
    case .add(let activation): binary(node, "Add", activation)
    case .subtract(let activation): binary(node, "Sub", activation)
    case .multiply(let activation): binary(node, "Mul", activation)
    case .divide(let activation): binary(node, "Div", activation)
    case .minimum: binary(node, "Min", .none)
    case .maximum: binary(node, "Max", .none)
    case .power: binary(node, "Pow", .none)
    case .prelu: binary(node, "PRelu", .none)
    case .compare(let comparison): binary(node, comparison.onnxOperator, .none)
    case .logic(let logic): binary(node, logic.onnxOperator, .none)
    case .select: binary(node, "Where", .none)
    case .scalar(let function): try scalar(node, function)
    case .identity: unary(node, "Identity")
    case .cast(let cast):
      unary(node, "Cast", [("to", .integer(Int64(ONNXElementType(cast.target).rawValue)))])
    case .softmax(let axis, let beta): try softmax(node, axis, beta)
    case .logSoftmax(let axis): logSoftmax(node, axis)
    case .batchNormalization(let epsilon): batchNormalization(node, epsilon)
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      normalizeLocally(node, size, alpha, beta, bias)
    case .mean(let axes, let keeps): mean(node, axes, keeps)
    case .reduce(let reduction, let axes, let keeps): reduce(node, reduction, axes, keeps)
    case .extremum(let attributes): extremum(node, attributes)
    case .concatenation(let axis, let activation): try concatenation(node, axis, activation)
    case .pad(let before, let after, let mode): try pad(node, before, after, mode)
    case .reshape(let shape): reshape(node, shape)
    case .transpose(let permutation):
      plain(node, "Transpose", [("perm", .integers(permutation.map { Int64($0) }))])
    case .slice(let begin, let count, let stride): slice(node, begin, count, stride)
    case .expand(let shape): sized(node, "Expand", shape)
    case .tile(let counts): sized(node, "Tile", counts)
    case .gather(let axis): plain(node, "Gather", [("axis", .integer(Int64(axis)))])
    case .split(let axis, let counts): split(node, axis, counts)
    case .resize(let attributes): try resize(node, attributes)
    // The first two are others by now, see `withONNXForms`.
    case .squaredDifference, .l2Normalization, .quantize, .dequantize:
      throw .unsupported("ONNX export does not write this operation")
    }
  }

  /// Operands and result as the graph has them.
  private mutating func plain(
    _ node: Node, _ operatorName: String, _ attributes: Attributes = []
  ) {
    let inputs = node.inputs.map { value($0, .plain) }
    addNode(operatorName, node.name, inputs, [make(node.outputs[0], .plain)], attributes)
  }

  private mutating func batchNormalization(_ node: Node, _ epsilon: Float) {
    var inputs = [image(node.inputs[0])]
    for input in node.inputs.dropFirst() { inputs.append(value(input, .plain)) }
    addNode(
      "BatchNormalization", node.name, inputs, [makeImage(node)], [("epsilon", .float(epsilon))])
  }

  private mutating func normalizeLocally(
    _ node: Node, _ size: Int, _ alpha: Float, _ beta: Float, _ bias: Float
  ) {
    addNode(
      "LRN", node.name, [image(node.inputs[0])], [makeImage(node)],
      [
        ("size", .integer(Int64(size))), ("alpha", .float(alpha)), ("beta", .float(beta)),
        ("bias", .float(bias)),
      ])
  }

  /// The layout of images: the channels first in the file.
  private func imageLayout(_ tensor: TensorIndex) -> ONNXLayout {
    graph.tensors[tensor].shape.count >= 3 ? .channelsLast : .plain
  }

  private mutating func image(_ tensor: TensorIndex) -> String {
    value(tensor, imageLayout(tensor))
  }

  private mutating func makeImage(_ node: Node) -> String {
    make(node.outputs[0], imageLayout(node.outputs[0]))
  }

  /// The name for the node's result, before a fused activation that `finish` then adds.
  private mutating func resultName(_ name: String, _ activation: Activation) -> String {
    activation == .none ? name : freshValue(name + "/before_activation")
  }

  /// Adds the node of a fused activation.
  private mutating func finish(
    _ node: Node, _ activation: Activation, from source: String, to target: String
  ) {
    let name = freshNode(node.name + "/activation")
    switch activation {
    case .none: break
    case .relu: addNode("Relu", name, [source], [target])
    default: addClip(name, activation.bounds, source, target)
    }
  }

  mutating func addClip(
    _ name: String, _ bounds: (lower: Float, upper: Float), _ source: String, _ target: String
  ) {
    let lower = initializer(name + "/min", ONNXValue(shape: [], reals: [bounds.lower]))
    let upper = initializer(name + "/max", ONNXValue(shape: [], reals: [bounds.upper]))
    addNode("Clip", name, [source, lower, upper], [target])
  }

  private func pair(_ extent: Extent) -> ONNXAttribute {
    .integers([Int64(extent.height), Int64(extent.width)])
  }

  private func pads(_ padding: Padding) -> ONNXAttribute {
    .integers([padding.top, padding.left, padding.bottom, padding.right].map { Int64($0) })
  }

  private mutating func convolution(
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

  private mutating func transposedConvolution(
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

  /// A convolution of either kind; `change` gives its weights the file's order.
  private mutating func weighted(
    _ node: Node, _ operatorName: String, _ attributes: Attributes, form: String,
    _ activation: Activation, _ change: (ONNXValue) -> ONNXValue
  ) throws(ImportFailure) {
    guard let weights = constant(node.inputs[1], form: form, change) else {
      throw .unsupported("its weights are no constant")
    }
    var inputs = [image(node.inputs[0]), weights]
    if node.inputs.count == 3 { inputs.append(value(node.inputs[2], .plain)) }
    let target = makeImage(node)
    let result = resultName(target, activation)
    addNode(operatorName, node.name, inputs, [result], attributes)
    finish(node, activation, from: result, to: target)
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

  /// A pool; with `indicesAreColumnMajor`, that of which the node gives the places of the maxima.
  private mutating func pool(
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

  private mutating func fullyConnected(
    _ node: Node, _ values: FullyConnectedAttributes
  ) throws(ImportFailure) {
    let x = graph.tensors[node.inputs[0]].shape
    let weights = graph.tensors[node.inputs[1]].shape
    if values.keepsLeadingDimensions && x.count != 2 { return try linear(node, values) }
    var source: String
    var layout = self.layout(of: node.inputs[0])
    if case .flattened(let dimensions) = layout, dimensions.reduce(1, *) == weights[1] {
      source = value(node.inputs[0], layout)
    } else {
      layout = .plain
      source = value(node.inputs[0], .plain)
      if x.count != 2 || x[1] != weights[1] { source = reshaped(source, [-1, weights[1]]) }
    }
    guard
      let matrix = constant(
        node.inputs[1], form: "weights/\(layout)", { layout.valueElements($0) })
    else { throw .unsupported("its weights are no constant") }
    var inputs = [source, matrix]
    if node.inputs.count == 3 { inputs.append(value(node.inputs[2], .plain)) }
    let target = make(node.outputs[0], .plain)
    let result = resultName(target, values.activation)
    addNode(
      "Gemm", node.name, inputs, [result],
      [("alpha", .float(1)), ("beta", .float(1)), ("transB", .integer(1))])
    finish(node, values.activation, from: result, to: target)
  }

  /// With leading dimensions kept: MatMul and Add.
  private mutating func linear(
    _ node: Node, _ values: FullyConnectedAttributes
  ) throws(ImportFailure) {
    let source = value(node.inputs[0], .plain)
    guard
      let matrix = constant(node.inputs[1], form: "transposed", { $0.transposed([1, 0]) })
    else { throw .unsupported("its weights are no constant") }
    let target = make(node.outputs[0], .plain)
    let result = resultName(target, values.activation)
    if node.inputs.count == 3 {
      let product = freshValue(target + "/product")
      addNode("MatMul", node.name, [source, matrix], [product])
      let bias = value(node.inputs[2], .plain)
      addNode("Add", freshNode(node.name + "/bias"), [product, bias], [result])
    } else {
      addNode("MatMul", node.name, [source, matrix], [result])
    }
    finish(node, values.activation, from: result, to: target)
  }

  private mutating func binary(
    _ node: Node, _ operatorName: String, _ activation: Activation
  ) {
    let rank = graph.tensors[node.outputs[0]].shape.count
    let isImage =
      rank >= 3
      && node.inputs.contains {
        [.channelsLast, .line].contains(layout(of: $0)) && graph.tensors[$0].shape.count == rank
      }
    let chosen: ONNXLayout = isImage ? .channelsLast : .plain
    var inputs: [String] = []
    for input in node.inputs {
      let shape = graph.tensors[input].shape
      let wide = [Int](repeating: 1, count: rank - shape.count) + shape
      if let name = constant(
        input, form: "\(chosen)/\(rank)",
        { isImage && !shape.isEmpty ? chosen.valueElements($0.reshaped(wide)) : $0 })
      {
        inputs.append(name)
      } else if shape.count == rank || !isImage {
        inputs.append(value(input, chosen))
      } else {
        // Dimensions of 1 in front, then the image's order.
        let front = reshaped(value(input, .plain), wide)
        inputs.append(transposed(front, ONNXLayout.inverse(chosen.permutation(rank: rank))))
      }
    }
    let target = make(node.outputs[0], chosen)
    let result = resultName(target, activation)
    addNode(operatorName, node.name, inputs, [result])
    finish(node, activation, from: result, to: target)
  }
}
