import OctetModel

// Nodes in floats that mean the same in integers without a grid that the file does not have.

extension IntegerPlacement {
  /// What a node makes of a quantized tensor lies on a known grid, though the file names none: that
  /// which the function's kernel prescribes, or, of what is only clipped or padded, the operand's.
  /// Not where functions alone read the result: they become one table with this one, with no
  /// rounding between.
  mutating func takeKnownGrid(_ node: Node, _ consumers: [[Int]]) {
    let (source, output) = (node.inputs[0], node.outputs[0])
    guard node.outputs.count == 1, !isQuantized(output),
      graph.tensors[source].elementType == .int8,
      let own = graph.tensors[source].quantization, own.axis == nil,
      outputs.contains(output)
        || consumers[output].contains(where: { !graph.nodes[$0].operation.isElementwise })
    else { return }
    if node.operation.asActivation != nil {
      graph.setGrid(output, like: source)
    } else if case .pad(_, _, .constant(let value)) = node.operation {
      let ends = [-128, 127].map { Float($0 - own.zeroPoints[0]) * own.scales[0] }
      if value >= ends[0], value <= ends[1] { graph.setGrid(output, like: source) }
    } else if let grid = node.operation.fixedOutputQuantization, !outputs.contains(output) {
      graph.tensors[output].elementType = .int8
      graph.tensors[output].quantization = grid
    }
  }

  /// Some kernels leave their operand's grid; nodes after them, which are returned, put their
  /// results on the file's.
  mutating func fixGrids(_ node: inout Node) -> [Node] {
    // Minima, maxima and concatenations have been put on their result's.
    let source = graph.tensors[node.inputs[0]]
    guard node.operation.passesGridOn, let fixed = source.quantization else { return [] }
    var conversions: [Node] = []
    for (position, output) in node.outputs.enumerated() {
      var tensor = graph.tensors[output]
      guard tensor.elementType == .int8 || tensor.elementType == .int16,
        tensor.quantization != fixed || tensor.elementType != source.elementType
      else { continue }
      tensor.elementType = source.elementType
      tensor.name = names.take("\(tensor.name)/function")
      tensor.quantization = fixed
      node.outputs[position] = graph.add(tensor)
      conversions.append(
        Node(
          name: nodeNames.take("\(node.name)/grid"), operation: .quantize,
          inputs: [node.outputs[position]], outputs: [output]))
    }
    return conversions
  }

  /// The pool's kernel keeps its operand's grid. For a result on another, the average becomes a
  /// mean of the whole image or a depthwise convolution with weights of 1: each rounds to it once.
  mutating func averageOnOwnGrid(_ node: inout Node) {
    let (source, output) = (graph.tensors[node.inputs[0]], graph.tensors[node.outputs[0]])
    guard case .averagePool(let pool) = node.operation, output.quantization != source.quantization,
      pool.padding == Padding(), let channels = source.shape.last
    else { return }
    let extent = pool.kernel.height * pool.kernel.width
    if let mean = graph.meanOfImages(node) {
      node.operation = mean
      return
    }
    let weights = Tensor(
      name: names.take("\(node.name)/ones"),
      shape: [1, pool.kernel.height, pool.kernel.width, channels], elementType: .int8,
      constant: .int8([Int8](repeating: 1, count: extent * channels)),
      quantization: Quantization(scale: 1 / Float(extent), zeroPoint: 0))
    var attributes = ConvolutionAttributes()
    attributes.stride = pool.stride
    attributes.dilation = pool.dilation
    attributes.activation = pool.activation
    node.operation = .depthwiseConvolution(attributes)
    node.inputs.append(addConstant(weights))
  }

  /// Batch normalization of an image becomes a depthwise convolution of 1×1, as
  /// `writeNormalizationsAsConvolutions()` has it; false, and no change, where it cannot.
  mutating func convertNormalization(_ node: inout Node) -> Bool {
    let source = graph.tensors[node.inputs[0]]
    guard source.shape.count == 4, let inputScale = source.quantization?.scales.first,
      var (weights, bias) = graph.normalizationConstants(node, inputScale: inputScale)
    else { return false }
    (weights.name, bias.name) = (names.take(weights.name), names.take(bias.name))
    node.operation = .depthwiseConvolution(ConvolutionAttributes())
    node.inputs = [node.inputs[0], addConstant(weights), addConstant(bias)]
    return true
  }
}

extension Tensor {
  /// A real constant as symmetric int16: on the scale of its grid where it has one for all, or else
  /// on that of its largest value; nil when the grid's does not hold it.
  func onInt16Grid(_ grid: Quantization?) -> Tensor? {
    guard let values = floats, values.allSatisfy(\.isFinite) else { return nil }
    let largest = values.reduce(0) { max($0, abs($1)) }
    let scale =
      grid.flatMap { $0.scales.count == 1 ? $0.scales[0] : nil }
      ?? (largest == 0 ? 1 : largest / 32_767)
    guard largest / scale < 32_767.5 else { return nil }
    var result = self
    result.elementType = .int16
    result.constant = .int32(
      values.map { TieRule.toEven.code(steps: Double($0 / scale), in: -32_768...32_767) })
    result.quantization = Quantization(scale: scale, zeroPoint: 0)
    return result
  }
}
