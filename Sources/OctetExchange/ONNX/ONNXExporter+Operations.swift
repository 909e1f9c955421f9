import OctetModel

extension ONNXExporter {
  typealias Attributes = [(name: String, value: ONNXAttribute)]

  mutating func export(_ node: Node) throws(ImportFailure) {
    switch node.operation {
    case .convolution, .depthwiseConvolution, .transposedConvolution: try convolution(node)
    case .maxPool(let attributes): pool(node, "MaxPool", attributes)
    case .averagePool(let attributes): pool(node, "AveragePool", attributes)
    case .maxPoolIndices(let attributes, let isColumnMajor):
      pool(node, "MaxPool", attributes, indicesAreColumnMajor: isColumnMajor)
    case .batchNormalization(let epsilon):
      var inputs = [image(node.inputs[0])]
      for input in node.inputs.dropFirst() { inputs.append(value(input, .plain)) }
      addNode(
        "BatchNormalization", node.name, inputs, [makeImage(node)], [("epsilon", .float(epsilon))])
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      addNode(
        "LRN", node.name, [image(node.inputs[0])], [makeImage(node)],
        [
          ("size", .integer(Int64(size))), ("alpha", .float(alpha)), ("beta", .float(beta)),
          ("bias", .float(bias)),
        ])
    case .fullyConnected(let attributes): try fullyConnected(node, attributes)
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
    case .matrixMultiply:
      let inputs = [value(node.inputs[0], .plain), value(node.inputs[1], .plain)]
      addNode("MatMul", node.name, inputs, [make(node.outputs[0], .plain)])
    default: try exportUnaryOrArrangement(node)
    }
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

  private mutating func convolution(_ node: Node) throws(ImportFailure) {
    let shape = graph.tensors[node.inputs[1]].shape
    var attributes: Attributes = []
    var (operatorName, activation) = ("Conv", Activation.none)
    let form: String
    let change: (ONNXValue) -> ONNXValue
    switch node.operation {
    case .convolution(let values), .depthwiseConvolution(let values):
      let isDepthwise = if case .depthwiseConvolution = node.operation { true } else { false }
      let channels = graph.tensors[node.inputs[0]].shape[3]
      activation = values.activation
      attributes = [
        ("dilations", pair(values.dilation)),
        ("group", .integer(Int64(isDepthwise ? channels : values.groups))),
        ("pads", pads(values.padding)), ("strides", pair(values.stride)),
      ]
      form = isDepthwise ? "depthwise" : "channelsLast"
      change = { isDepthwise ? $0.transposed([3, 0, 1, 2]) : $0.transposed([0, 3, 1, 2]) }
    case .transposedConvolution(let values):
      (operatorName, activation) = ("ConvTranspose", values.activation)
      attributes = try transposedAttributes(node, values)
      form = "transposed"
      let groups = values.groups
      change = { weights in
        // [O, KH, KW, I / G] → [I, O / G, KH, KW]
        weights.reshaped([groups, shape[0] / groups] + shape[1...])
          .transposed([0, 4, 1, 2, 3])
          .reshaped([groups * shape[3], shape[0] / groups, shape[1], shape[2]])
      }
    default: return
    }
    attributes.insert(("kernel_shape", pair(Extent(height: shape[1], width: shape[2]))), at: 2)
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
  ) throws(ImportFailure) -> Attributes {
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
