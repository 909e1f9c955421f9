import OctetModel

// Nodes in floats that mean the same in integers without a grid that the file does not have.

extension QuantizationSettler {
  /// A mean of a mean is one mean over the axes of both.
  mutating func mergeMeans() {
    let producers = graph.producers()
    let consumers = graph.consumers()
    var removed = Set<Int>()
    for index in graph.nodes.indices {
      let node = graph.nodes[index]
      guard case .mean(let later, let keepsLater) = node.operation,
        !isQuantized(node.inputs[0]), consumers[node.inputs[0]].count == 1,
        !outputs.contains(node.inputs[0]), let producer = producers[node.inputs[0]],
        case .mean(let earlier, let keepsEarlier) = graph.nodes[producer].operation,
        keepsLater == keepsEarlier
      else { continue }
      let source = graph.nodes[producer].inputs[0]
      let left = graph.tensors[source].shape.indices.filter {
        keepsEarlier || !earlier.contains($0)
      }
      let axes = Set(earlier).union(later.map { left[$0] })
      graph.nodes[index].operation = .mean(axes: axes.sorted(), keepsDimensions: keepsLater)
      graph.nodes[index].inputs = [source]
      removed.insert(producer)
    }
    graph.nodes = graph.nodes.indices.filter { !removed.contains($0) }.map { graph.nodes[$0] }
  }

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
      setGrid(output, like: source)
    } else if case .pad(_, _, .constant(let value)) = node.operation {
      let ends = [-128, 127].map { Float($0 - own.zeroPoints[0]) * own.scales[0] }
      if value >= ends[0], value <= ends[1] { setGrid(output, like: source) }
    } else if let grid = node.operation.fixedOutputQuantization, !outputs.contains(output) {
      graph.tensors[output].elementType = .int8
      graph.tensors[output].quantization = grid
    }
  }

  /// Some kernels leave their operand's grid; nodes after them, which are returned, put their
  /// results on the file's.
  mutating func fixGrids(_ node: inout Node) -> [Node] {
    // Minima, maxima and concatenations have been put on their result's.
    guard node.operation.traits.grid == .kept, !node.operation.joinsGrids,
      let fixed = graph.tensors[node.inputs[0]].quantization
    else { return [] }
    var conversions: [Node] = []
    for (position, output) in node.outputs.enumerated() {
      var tensor = graph.tensors[output]
      guard tensor.elementType == .int8, tensor.quantization != fixed else { continue }
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
    if pool.kernel == Extent(height: source.shape[1], width: source.shape[2]),
      pool.activation == .none
    {
      node.operation = .mean(axes: [1, 2], keepsDimensions: true)
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

  /// Batch normalization of an image becomes a depthwise convolution of 1×1 whose weights are all
  /// ±127: each channel's scale is its own, so that the gain is exact.
  mutating func convertNormalization(_ node: inout Node, _ epsilon: Float) -> Bool {
    let statistics = node.inputs.dropFirst().compactMap { input -> [Float]? in
      if case .float(let values) = graph.tensors[input].constant { values } else { nil }
    }
    guard graph.tensors[node.inputs[0]].shape.count == 4, statistics.count == 4,
      let inputScale = graph.tensors[node.inputs[0]].quantization?.scales.first
    else { return false }
    let (gamma, beta, mean, variance) = (
      statistics[0], statistics[1], statistics[2], statistics[3]
    )
    var codes: [Int8] = []
    var scales: [Float] = []
    var biases: [Int32] = []
    for channel in gamma.indices {
      let gain = Double(gamma[channel]) / (Double(variance[channel]) + Double(epsilon)).squareRoot()
      let offset = Double(beta[channel]) - Double(mean[channel]) * gain
      let scale = Float(abs(gain) / 127)
      guard scale.isFinite, scale.isNormal, offset.isFinite,
        // As much room as `AccumulatorProof` asks for.
        let bias = Int32(exactly: (offset / (Double(inputScale) * Double(scale))).rounded()),
        abs(bias) < 1 << 29
      else { return false }
      codes.append(gain < 0 ? -127 : 127)
      scales.append(scale)
      biases.append(bias)
    }
    let zeros = [Int32](repeating: 0, count: gamma.count)
    let weights = Tensor(
      name: names.take("\(node.name)/gain"), shape: [1, 1, 1, gamma.count], elementType: .int8,
      constant: .int8(codes), quantization: Quantization(scales: scales, zeroPoints: zeros, axis: 3)
    )
    let bias = Tensor(
      name: names.take("\(node.name)/offset"), shape: [gamma.count], elementType: .int32,
      constant: .int32(biases),
      quantization: Quantization(
        scales: scales.map { $0 * inputScale }, zeroPoints: zeros, axis: 0))
    node.operation = .depthwiseConvolution(ConvolutionAttributes())
    node.inputs = [node.inputs[0], addConstant(weights), addConstant(bias)]
    return true
  }
}
