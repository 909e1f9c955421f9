import OctetModel
import OctetPasses

// Weights and biases of convolutions and fully connected operators.

extension TFLiteCall {
  /// The operands x, weights and bias, which stand at `positions` among the call's inputs.
  ///
  /// - Parameter axis: the weights' axis that runs over output channels.
  func weighted(
    axis: Int, positions: [Int] = [0, 1, 2]
  ) throws(TFLiteRefusal) -> [TensorIndex] {
    let x = try operand(positions[0])
    var weights = try operand(positions[1])
    guard tensor(weights).constant != nil else {
      throw .unsupported("its weights are computed by the model; only constants are supported")
    }
    var bias = has(positions[2]) ? try operand(positions[2]) : nil
    if let bias, tensor(bias).constant == nil {
      throw .unsupported("its bias is computed by the model; only constants are supported")
    }
    if tensor(x).elementType == .float32 {
      if tensor(weights).quantization != nil { importer.storesWeightsInInt8 = true }
      weights = importer.dequantized(weights)
      bias = bias.map { importer.dequantized($0) }
    } else {
      try checkWeights(tensor(weights), axis: axis)
      weights = importer.narrowed(weights)
      if let given = bias { bias = try quantizedBias(given, x: x, weights: weights) }
    }
    return [x, weights] + (bias.map { [$0] } ?? [])
  }

  private func checkWeights(_ weights: Tensor, axis: Int) throws(TFLiteRefusal) {
    guard [.int4, .int8].contains(weights.elementType), let quantization = weights.quantization
    else {
      throw .unsupported(
        "its weights are \(weights.elementType); only int8 and int4 weights are supported")
    }
    guard quantization.axis == nil || quantization.axis == axis else {
      throw broken("its weights have scales along axis \(quantization.axis ?? 0)")
    }
    let isSymmetric = quantization.zeroPoints.allSatisfy { $0 == 0 }
    guard isSymmetric || quantization.axis == nil else {
      throw .unsupported(
        "its weights have a scale for each channel and zero points other than 0; quantize them "
          + "symmetrically")
    }
  }

  /// A bias at scale `s_in · s_w`, of int32, or of int16 activations of int64, which decides how
  /// wide sums are; of others int64 ones are narrowed when they fit.
  private func quantizedBias(
    _ bias: TensorIndex, x: TensorIndex, weights: TensorIndex
  ) throws(TFLiteRefusal) -> TensorIndex {
    var wide = tensor(bias)
    let isWide = tensor(x).elementType == .int16 && wide.elementType == .int64
    if case .int64(let values) = wide.constant, !isWide {
      let narrow = values.compactMap { Int32(exactly: $0) }
      guard narrow.count == values.count else {
        throw .unsupported("its bias needs more than 32 bits; only int16 activations take one")
      }
      wide.constant = .int32(narrow)
      wide.elementType = .int32
    }
    guard isWide || wide.elementType == .int32 else {
      throw .unsupported("its bias is \(wide.elementType); only int32 is supported")
    }
    guard let input = tensor(x).quantization, let own = tensor(weights).quantization
    else { return bias }
    // The kernels take the bias at s_in · s_w whatever the file says, and so does the reference.
    let scales = own.scales.map { $0 * input.scales[0] }
    let isPossible = scales.allSatisfy { $0 > 0 && $0.isFinite }
    guard isPossible, own.axis == nil || wide.shape == [scales.count] else {
      throw broken("its bias does not fit its weights")
    }
    let quantization = Quantization(
      scales: scales, zeroPoints: [Int32](repeating: 0, count: scales.count),
      axis: own.axis == nil ? nil : 0)
    if tensor(bias).elementType == wide.elementType {
      if wide.quantization == nil { importer.graph.tensors[bias].quantization = quantization }
      if tensor(bias).quantization == quantization { return bias }
    }
    wide.quantization = quantization
    return importer.addTensor(wide)
  }

  /// A node whose weights may have a zero point left: then it reads its input several times.
  func appendWeighted(
    _ operation: Operation, _ inputs: [TensorIndex]
  ) throws(TFLiteRefusal) {
    guard let steps = importer.steps(inputs[1]), steps.zeroPoint != 0 else {
      return try append(operation, inputs: inputs)
    }
    var node = Node(name: name, operation: operation, inputs: inputs, outputs: [])
    var weights = tensor(inputs[1])
    weights.quantization = Quantization(scales: steps.scales, zeroPoints: [0])
    let before = importer.graph.widen(
      &node, &weights, Graph.wideParts(of: steps.values), tensorNames: &importer.tensorNames,
      nodeNames: &importer.nodeNames)
    importer.graph.nodes += before
    node.inputs[1] = importer.addTensor(weights)
    importer.widenedNodes.append(name)
    try append(node.operation, inputs: node.inputs)
  }
}

extension TFLiteImporter {
  /// A constant's real values, for models that store weights in fewer bits than they compute with.
  func dequantized(_ index: TensorIndex) -> TensorIndex {
    let tensor = graph.tensors[index]
    guard tensor.quantization != nil, tensor.floats == nil, let reals = tensor.reals else {
      return index
    }
    return addTensor(
      Tensor(name: tensor.name + "/float", shape: tensor.shape, constant: .float(reals)))
  }
}

// Models of uint8, as TensorFlow 1 and the Coral Edge TPU have them: every code and zero point is
// taken 128 lower, which is int8. Their weights have zero points too.

extension TFLiteFile.Tensor {
  /// Takes uint8 codes as int8 ones.
  mutating func makeSigned() {
    guard type == TFLiteTensorType.uint8.rawValue, !scales.isEmpty else { return }
    type = TFLiteTensorType.int8.rawValue
    isUnsigned = true
    if zeroPoints.isEmpty { zeroPoints = [0] }
    zeroPoints = zeroPoints.map { $0 &- 128 }
  }
}

extension TFLiteImporter {
  /// Weights with a zero point as weights without, where int8 holds them.
  func narrowed(_ index: TensorIndex) -> TensorIndex {
    guard let steps = steps(index), steps.zeroPoint != 0 else { return index }
    let codes = steps.values.compactMap { Int8(exactly: $0) }
    guard codes.count == steps.values.count else { return index }
    var tensor = graph.tensors[index]
    tensor.constant = .int8(codes)
    if !codes.allSatisfy({ (-8...7).contains($0) }) { tensor.elementType = .int8 }
    tensor.quantization = Quantization(scales: steps.scales, zeroPoints: [0])
    return addTensor(tensor)
  }

  /// q − z of weights with one scale.
  fileprivate func steps(_ index: TensorIndex) -> (values: [Int], zeroPoint: Int, scales: [Float])?
  {
    guard case .int8(let codes) = graph.tensors[index].constant,
      let grid = graph.tensors[index].quantization, grid.axis == nil
    else { return nil }
    let zeroPoint = Int(grid.zeroPoints[0])
    return (codes.map { Int($0) - zeroPoint }, zeroPoint, grid.scales)
  }
}

extension TFLiteExporter {
  /// The second and third operand; an absent bias is −1.
  func weightsAndBias(_ node: Node) -> [Int] {
    [weights(node), node.inputs.count > 2 ? tensor(node.inputs[2]) : -1]
  }
}
