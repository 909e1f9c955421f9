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
    case .quantize: try step(node, "QuantizeLinear", grid: node.outputs[0])
    case .dequantize: try step(node, "DequantizeLinear", grid: node.inputs[0])
    // They are others by now, see `writeForONNX`.
    case .squaredDifference, .l2Normalization:
      throw .unsupported("ONNX export does not write this operation")
    }
  }

  /// Operands and result as the graph has them.
  mutating func plain(
    _ node: Node, _ operatorName: String, _ attributes: Attributes = []
  ) {
    let inputs = node.inputs.map { value($0, .plain) }
    addNode(operatorName, node.name, inputs, [make(node.outputs[0], .plain)], attributes)
  }

  /// A step between reals and int8 codes of one scale.
  private mutating func step(
    _ node: Node, _ operatorName: String, grid: TensorIndex
  ) throws(ImportFailure) {
    guard let quantization = graph.tensors[grid].quantization, quantization.scales.count == 1
    else { throw .unsupported("ONNX export writes steps to and from int8 of one scale only") }
    let layout = layout(of: node.inputs[0])
    let scale = initializer(
      "\(node.name)/scale", ONNXValue(shape: [], reals: quantization.scales))
    let zeroPoint = initializer(
      "\(node.name)/zero_point",
      ONNXValue(
        shape: [], integers: [Int64(quantization.zeroPoints[0])], elementType: .int8))
    addNode(
      operatorName, node.name, [value(node.inputs[0], layout), scale, zeroPoint],
      [make(node.outputs[0], layout)])
  }

  /// The operand and the result in one layout.
  mutating func unary(_ node: Node, _ operatorName: String, _ attributes: Attributes = []) {
    let layout = layout(of: node.inputs[0])
    let source = value(node.inputs[0], layout)
    addNode(operatorName, node.name, [source], [make(node.outputs[0], layout)], attributes)
  }

  /// A convolution of either kind; `change` gives its weights the file's order.
  mutating func weighted(
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

  /// The layout of images: the channels first in the file.
  private func imageLayout(_ tensor: TensorIndex) -> ONNXLayout {
    graph.tensors[tensor].shape.count >= 3 ? .channelsLast : .plain
  }

  mutating func image(_ tensor: TensorIndex) -> String {
    value(tensor, imageLayout(tensor))
  }

  mutating func makeImage(_ node: Node) -> String {
    make(node.outputs[0], imageLayout(node.outputs[0]))
  }

  /// The name for the node's result, before a fused activation that `finish` then adds.
  mutating func resultName(_ name: String, _ activation: Activation) -> String {
    activation == .none ? name : freshValue(name + "/before_activation")
  }

  /// Adds the node of a fused activation.
  mutating func finish(
    _ node: Node, _ activation: Activation, from source: String, to target: String
  ) {
    let name = freshNode(node.name + "/activation")
    switch activation {
    case .none: break
    case .relu: addNode("Relu", name, [source], [target])
    default: addClip(name, activation.bounds, source, target)
    }
  }

  func pair(_ extent: Extent) -> ONNXAttribute {
    .integers([Int64(extent.height), Int64(extent.width)])
  }

  func pads(_ padding: Padding) -> ONNXAttribute {
    .integers([padding.top, padding.left, padding.bottom, padding.right].map { Int64($0) })
  }

  func addressable(_ tensor: TensorIndex) -> ONNXLayout {
    layout(of: tensor) == .channelsLast ? .channelsLast : .plain
  }

  /// The axis in the file of an axis of the node's first input.
  func fileAxis(_ axis: Int, _ node: Node, _ layout: ONNXLayout) -> Int {
    layout.permutation(rank: graph.tensors[node.inputs[0]].shape.count)[axis]
  }

  /// A list for the file's axes from one for the tensor's.
  func fileOrder(_ values: [Int], _ layout: ONNXLayout) -> [Int] {
    var result = values
    for (k, axis) in layout.permutation(rank: values.count).enumerated() {
      result[axis] = values[k]
    }
    return result
  }

  mutating func list(_ name: String, _ values: [Int]) -> String {
    initializer(name, ONNXValue(shape: [values.count], integers: values.map { Int64($0) }))
  }

  /// The operand, and the results, in the layout in which their axes can be told apart.
  mutating func ends(
    of node: Node
  ) -> (layout: ONNXLayout, source: String, outputs: [String]) {
    let layout = addressable(node.inputs[0])
    let source = value(node.inputs[0], layout)
    return (layout, source, node.outputs.map { make($0, layout) })
  }
}
