import OctetModel

extension Graph {
  /// The nodes of a quantized graph that compute with real numbers, each with what to do; the
  /// runtime has no kernels for them.
  public var nodesInFloats: [UnsupportedNode] {
    let tabulated = Set(tableRegions().flatMap(\.nodes))
    var result: [UnsupportedNode] = []
    for (index, node) in nodes.enumerated() where !tabulated.contains(index) {
      switch node.operation {
      case .quantize, .dequantize: continue
      default: break
      }
      let operands = node.inputs.filter { tensors[$0].constant == nil }
      guard (operands + node.outputs).contains(where: { isReal($0) }) else { continue }
      let weights = node.inputs.count > 1 ? tensors[node.inputs[1]] : nil
      let what =
        if node.operation.hasWeights, weights?.constant != nil, weights?.quantization == nil {
          "its weights are in floats among quantized values"
        } else if operands.contains(where: { isReal($0) }) {
          "it computes in floats among quantized values"
        } else {
          "its result has no scale in the file"
        }
      let reason =
        "\(what); 'octet quantize' keeps the scales that are there and chooses those missing from "
        + "samples"
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
