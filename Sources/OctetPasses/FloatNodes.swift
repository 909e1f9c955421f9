import OctetModel

extension Graph {
  /// The nodes of a quantized graph that compute with real numbers, each with what to do; the
  /// runtime has no kernels for them.
  public var nodesInFloats: [UnsupportedNode] { nodesInFloats(canBeCompleted: true) }

  /// - Parameter canBeCompleted: whether `octet quantize` takes the model, and so is the way out.
  public func nodesInFloats(canBeCompleted: Bool) -> [UnsupportedNode] {
    let tabulated = Set(tableRegions().flatMap(\.nodes))
    var result: [UnsupportedNode] = []
    for (index, node) in nodes.enumerated() where !tabulated.contains(index) {
      if node.operation.isConversion { continue }
      let operands = node.inputs.filter { tensors[$0].constant == nil }
      guard (operands + node.outputs).contains(where: { isReal($0) }) else { continue }
      let what =
        if node.operation.weightChannelAxis != nil, node.inputs.count > 1,
          case .float = tensors[node.inputs[1]].constant
        {
          "its weights are in floats among quantized values"
        } else if operands.contains(where: { isReal($0) }) {
          "it computes in floats among quantized values"
        } else {
          "its result has no scale in the file"
        }
      let advice =
        canBeCompleted
        ? "'octet quantize' keeps the scales that are there and chooses those missing from samples"
        : "it has no kernel in integers; give 'octet quantize' the float model"
      let reason = "\(what); \(advice)"
      result.append(
        UnsupportedNode(
          name: node.name, operatorName: node.operation.name, reason: reason))
    }
    return result
  }

  private func isReal(_ tensor: TensorIndex) -> Bool {
    tensors[tensor].quantization == nil && tensors[tensor].elementType == .float32
  }
}
