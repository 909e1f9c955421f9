import OctetModel
import OctetRuntime

extension Lowering {
  /// A function of one element: a table of its 256 results.
  mutating func lowerLookup(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    let (input, output) = (node.inputs[0], node.outputs[0])
    if let needed = node.operation.fixedOutput, graph.tensors[output].quantization != needed {
      throw .invalid(
        node: node.name,
        reason: "its output must have scale \(needed.scales[0]), zero point \(needed.zeroPoints[0])"
      )
    }
    // |q − zero point| ≤ 255 < 2⁸ must stay below 2³¹ when it is scaled.
    guard scale(input) / scale(output) < 4_194_304 else {
      throw .invalid(node: node.name, reason: "its scales are too far apart")
    }
    let table = LookupTable(
      input: .init(scale: scale(input), zeroPoint: zeroPoint(input)),
      output: .init(scale: scale(output), zeroPoint: zeroPoint(output)))
    guard let values = table.values(of: node.operation) else {
      throw .invalid(
        node: node.name, reason: "\(node.operation.name) has no operator in the runtime")
    }
    try append(.lookup, node, inputs: [input], output: output, [.value(1), .bytes(values)])
  }
}

extension Operation {
  /// The scale and zero point that TensorFlow Lite's fixed-point kernels give to their output.
  fileprivate var fixedOutput: Quantization? {
    switch self {
    case .logistic: Quantization(scale: 1 / 256, zeroPoint: -128)
    case .tanh: Quantization(scale: 1 / 128, zeroPoint: 0)
    default: nil
    }
  }
}
