import OctetModel

extension Graph {
  /// The nodes of a quantized graph that compute with real numbers, each with what to do; the
  /// runtime has no kernels for them.
  public var nodesInFloats: [UnsupportedNode] {
    let producers = producers()
    let tabulated = Set(tableRegions().flatMap(\.nodes))
    var result: [UnsupportedNode] = []
    for (index, node) in nodes.enumerated() where !tabulated.contains(index) {
      switch node.operation {
      case .quantize, .dequantize: continue
      default: break
      }
      let operands = node.inputs.filter { tensors[$0].constant == nil }
      guard (operands + node.outputs).contains(where: { isReal($0) }) else { continue }
      let comesFromGrid = operands.allSatisfy { operand in
        guard let producer = producers[operand] else { return false }
        if case .dequantize = nodes[producer].operation { return true }
        return false
      }
      let weights = node.inputs.count > 1 ? tensors[node.inputs[1]].constant : nil
      var reason =
        "it computes in floats among quantized values; quantize its inputs and its output too, or "
        + "end the model before it"
      if comesFromGrid, weights != nil, node.operation.hasWeights {
        reason =
          "its weights are not int8 with zero point 0, or its result is not quantized; quantize "
          + "weights symmetrically (QInt8)"
      }
      result.append(
        UnsupportedNode(
          name: node.name, operatorName: node.operation.exchangeName, reason: reason))
    }
    return result
  }

  private func isReal(_ tensor: TensorIndex) -> Bool {
    tensors[tensor].quantization == nil && tensors[tensor].elementType == .float32
  }
}

extension Operation {
  fileprivate var hasWeights: Bool {
    switch self {
    case .convolution, .depthwiseConvolution, .transposedConvolution, .fullyConnected: true
    default: false
    }
  }

  /// The case's name.
  fileprivate var exchangeName: String {
    String("\(self)".prefix { $0 != "(" })
  }
}
