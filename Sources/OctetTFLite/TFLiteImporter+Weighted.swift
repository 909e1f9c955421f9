import OctetModel

// Convolutions and fully connected nodes: operators with weights.

extension TFLiteImporter {
  mutating func convolution(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Conv2D
    let (x, weights) = try (call.imageShape(0), call.imageShape(1))
    var attributes = ConvolutionAttributes()
    attributes.stride = try call.extent(Slot.type, Slot.strideHeight, Slot.strideWidth)
    attributes.dilation = try call.extent(
      Slot.type, Slot.dilationHeight, Slot.dilationWidth, default: 1)
    attributes.activation = try call.activation(Slot.type, Slot.activation)
    try call.dilated(
      &attributes, Slot.type, Slot.padding, kernel: Extent(height: weights[1], width: weights[2]))
    guard weights[3] > 0, x[3] % weights[3] == 0 else {
      throw call.broken("weights for \(weights[3]) channels do not fit \(x[3]) input channels")
    }
    attributes.groups = x[3] / weights[3]
    try appendWeighted(call, .convolution(attributes), try weighted(call, axis: 0))
  }

  mutating func depthwiseConvolution(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.DepthwiseConv2D
    let weights = try call.imageShape(1)
    var attributes = ConvolutionAttributes()
    attributes.stride = try call.extent(Slot.type, Slot.strideHeight, Slot.strideWidth)
    attributes.dilation = try call.extent(
      Slot.type, Slot.dilationHeight, Slot.dilationWidth, default: 1)
    attributes.activation = try call.activation(Slot.type, Slot.activation)
    try call.dilated(
      &attributes, Slot.type, Slot.padding, kernel: Extent(height: weights[1], width: weights[2]))
    // The depth multiplier follows from the shapes; files leave it wrong or out.
    try appendWeighted(call, .depthwiseConvolution(attributes), try weighted(call, axis: 3))
  }

  /// Inputs: output shape, weights, x, bias.
  mutating func transposedConvolution(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.TransposeConv
    let weights = try call.imageShape(1)
    let output = try call.integers(0, "its output shape is")
    guard output.count == 4, output.allSatisfy({ (1...Graph.maximumElementCount).contains($0) })
    else { throw call.broken("its output shape is \(output)") }
    var attributes = TransposedConvolutionAttributes(
      outputExtent: Extent(height: output[1], width: output[2]))
    attributes.stride = try call.extent(Slot.type, Slot.strideHeight, Slot.strideWidth)
    attributes.activation = try call.activation(Slot.type, Slot.activation)
    // The padding is that of the convolution from the output to the input.
    let kernel = Extent(height: weights[1], width: weights[2])
    attributes.padding = try call.padding(
      Slot.type, Slot.padding, shape: output, kernel: kernel, attributes.stride, Extent(1))
    try appendWeighted(
      call, .transposedConvolution(attributes),
      try weighted(call, axis: 0, positions: [2, 1, 3]))
  }

  mutating func fullyConnected(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.FullyConnected
    guard try call.byteOption(Slot.type, Slot.weightsFormat) == 0 else {
      throw .unsupported("its weights are shuffled for one processor; convert the model anew")
    }
    var attributes = FullyConnectedAttributes()
    attributes.activation = try call.activation(Slot.type, Slot.activation)
    attributes.keepsLeadingDimensions = try call.flagOption(Slot.type, Slot.keepsDimensions)
    let given = try tensor(call.node.inputs[1])
    guard graph.tensors[given].constant != nil else {
      return try connectionAsProduct(call, attributes)
    }
    let inputs = try weighted(call, axis: 0)
    let (x, weights) = (graph.tensors[inputs[0]].shape, graph.tensors[inputs[1]].shape)
    let declared = try call.output().shape
    guard weights.count == 2, weights[1] > 0, declared.count != 2 || declared[1] == weights[0]
    else {
      throw call.broken("weights of the shape \(weights) do not fit")
    }
    // Some files keep the leading dimensions without saying so.
    if !declared.isEmpty, declared.count != 2, declared.dropLast() == x.dropLast() {
      attributes.keepsLeadingDimensions = true
    }
    try append(call, .fullyConnected(attributes), inputs: inputs)
  }

  /// The operands x, weights and bias, which stand at `positions` among the call's inputs.
  private mutating func weighted(
    _ call: TFLiteCall, axis: Int, positions: [Int] = [0, 1, 2]
  ) throws(TFLiteRefusal) -> [TensorIndex] {
    let inputs = call.node.inputs
    let x = try tensor(inputs[positions[0]])
    var weights = try tensor(inputs[positions[1]])
    guard graph.tensors[weights].constant != nil else {
      throw .unsupported("its weights are computed by the model; only constants are supported")
    }
    let hasBias = inputs.indices.contains(positions[2]) && inputs[positions[2]] >= 0
    var bias = hasBias ? try tensor(inputs[positions[2]]) : nil
    if let bias, graph.tensors[bias].constant == nil {
      throw .unsupported("its bias is computed by the model; only constants are supported")
    }
    if graph.tensors[x].elementType == .float32 {
      if graph.tensors[weights].quantization != nil { dequantizedWeightCount += 1 }
      weights = dequantized(weights)
      bias = bias.map { dequantized($0) }
    } else {
      try checkWeights(graph.tensors[weights], axis: axis, call)
      weights = narrowed(weights)
      if let given = bias {
        bias = try quantizedBias(given, x: x, weights: weights, call)
      }
    }
    return [x, weights] + (bias.map { [$0] } ?? [])
  }

  private func checkWeights(
    _ weights: Tensor, axis: Int, _ call: TFLiteCall
  ) throws(TFLiteRefusal) {
    guard weights.elementType == .int8, let quantization = weights.quantization else {
      throw .unsupported("its weights are \(weights.elementType); only int8 weights are supported")
    }
    guard quantization.axis == nil || quantization.axis == axis else {
      throw call.broken("its weights have scales along axis \(quantization.axis ?? 0)")
    }
    let isSymmetric = quantization.zeroPoints.allSatisfy { $0 == 0 }
    guard isSymmetric || quantization.axis == nil else {
      throw .unsupported(
        "its weights have a scale for each channel and zero points other than 0; quantize them "
          + "symmetrically")
    }
  }

  /// An int32 bias at scale `s_in · s_w`; int64 ones are narrowed when they fit.
  private mutating func quantizedBias(
    _ bias: TensorIndex, x: TensorIndex, weights: TensorIndex, _ call: TFLiteCall
  ) throws(TFLiteRefusal) -> TensorIndex {
    var tensor = graph.tensors[bias]
    if case .int64(let values) = tensor.constant {
      let narrow = values.compactMap { Int32(exactly: $0) }
      guard narrow.count == values.count else {
        throw .unsupported("its bias needs more than 32 bits; quantize with int8 activations")
      }
      tensor.constant = .int32(narrow)
      tensor.elementType = .int32
    }
    guard case .int32 = tensor.constant else {
      throw .unsupported("its bias is \(tensor.elementType); only int32 is supported")
    }
    guard let input = graph.tensors[x].quantization, let own = graph.tensors[weights].quantization
    else { return bias }
    // The kernels take the bias at s_in · s_w whatever the file says, and so does the reference.
    let scales = own.scales.map { $0 * input.scales[0] }
    let isPossible = scales.allSatisfy { $0 > 0 && $0.isFinite }
    guard isPossible, own.axis == nil || tensor.shape == [scales.count] else {
      throw call.broken("its bias does not fit its weights")
    }
    let quantization = Quantization(
      scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count),
      axis: own.axis == nil ? nil : 0)
    if graph.tensors[bias].elementType == .int32 {
      if graph.tensors[bias].quantization == nil { graph.tensors[bias].quantization = quantization }
      if graph.tensors[bias].quantization == quantization { return bias }
    }
    tensor.quantization = quantization
    return addTensor(tensor)
  }

  /// A constant's real values, for models that store weights in fewer bits than they compute with.
  mutating func dequantized(_ index: TensorIndex) -> TensorIndex {
    let tensor = graph.tensors[index]
    guard let quantization = tensor.quantization, let constant = tensor.constant else {
      return index
    }
    let codes: [Int32]
    switch constant {
    case .int8(let values): codes = values.map { Int32($0) }
    case .int32(let values): codes = values
    case .float, .int64: return index
    }
    let inner = quantization.axis.map { tensor.shape[($0 + 1)...].reduce(1, *) } ?? 1
    let reals = codes.enumerated().map { position, code in
      let channel = quantization.axis == nil ? 0 : position / inner % quantization.scales.count
      return (Float(code) - Float(quantization.zeroPoints[channel])) * quantization.scales[channel]
    }
    return addTensor(
      Tensor(name: tensor.name + "/float", shape: tensor.shape, constant: .float(reals)))
  }
}
