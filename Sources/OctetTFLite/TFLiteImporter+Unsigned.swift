import OctetModel
import OctetPasses

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

extension TFLiteImporter: WeightWidener {
  /// Weights with a zero point as weights without, where int8 holds them.
  mutating func narrowed(_ index: TensorIndex) -> TensorIndex {
    guard let steps = steps(index), steps.zeroPoint != 0 else { return index }
    let codes = steps.values.compactMap { Int8(exactly: $0) }
    guard codes.count == steps.values.count else { return index }
    var tensor = graph.tensors[index]
    tensor.constant = .int8(codes)
    tensor.quantization = Quantization(scales: steps.scales, zeroPoints: [0])
    return addTensor(tensor)
  }

  /// A node whose weights may have a zero point left: then it reads its input several times.
  mutating func appendWeighted(
    _ call: TFLiteCall, _ operation: Operation, _ inputs: [TensorIndex]
  ) throws(TFLiteRefusal) {
    guard let steps = steps(inputs[1]), steps.zeroPoint != 0 else {
      return try append(call, operation, inputs: inputs)
    }
    var node = Node(name: call.name, operation: operation, inputs: inputs, outputs: [])
    var weights = graph.tensors[inputs[1]]
    weights.quantization = Quantization(scales: steps.scales, zeroPoints: [0])
    widen(&node, &weights, wideParts(of: steps.values))
    node.inputs[1] = addTensor(weights)
    widenedNodes.append(call.name)
    try append(call, node.operation, inputs: node.inputs)
  }

  /// q − z of weights with one scale.
  private func steps(_ index: TensorIndex) -> (values: [Int], zeroPoint: Int, scales: [Float])? {
    guard case .int8(let codes) = graph.tensors[index].constant,
      let grid = graph.tensors[index].quantization, grid.axis == nil
    else { return nil }
    let zeroPoint = Int(grid.zeroPoints[0])
    return (codes.map { Int($0) - zeroPoint }, zeroPoint, grid.scales)
  }

  mutating func moved(
    _ tensor: TensorIndex, _ operation: Operation, _ inputs: [TensorIndex], _ name: String,
    _ shape: [Int]
  ) -> TensorIndex {
    var result = graph.tensors[tensor]
    (result.name, result.shape, result.constant) = ("\(result.name)/\(name)", shape, nil)
    let index = addTensor(result)
    graph.nodes.append(
      Node(
        name: uniqueNodeName(result.name), operation: operation, inputs: inputs,
        outputs: [index]))
    return index
  }
}
