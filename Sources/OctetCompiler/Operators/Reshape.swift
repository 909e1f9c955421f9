import OctetModel
import OctetRuntime

extension Lowering {
  /// A reshape needs no operator where the readers do not see the difference: fully connected nodes
  /// read the same elements in the same order, and leading dimensions of 1 mean nothing to any.
  /// Elsewhere the operator lies in place, so nothing moves.
  mutating func lowerReshape(_ node: Node) throws(CompilerError) {
    let (input, output) = (node.inputs[0], node.outputs[0])
    let isSameTensor =
      graph.tensors[input].quantization == graph.tensors[output].quantization
      && graph.tensors[input].constant == nil
    let isOutput = graph.outputs.contains(output)
    let from = graph.tensors[input].shape.paddedToFour
    let to = graph.tensors[output].shape.paddedToFour
    if isSameTensor, from != nil, from == to, !isOutput || !graph.inputs.contains(input) {
      try alias(output, to: input)
      if isOutput { rename(output) }
      return
    }
    let onlyFeedsFullyConnected = consumers[output].allSatisfy {
      if case .fullyConnected = graph.nodes[$0].operation { true } else { false }
    }
    if isSameTensor, onlyFeedsFullyConnected, !isOutput {
      try alias(output, to: input)
      return
    }
    try append(.reshape, node)
  }

  /// Nothing to do, unless the scale changes.
  mutating func lowerIdentity(_ node: Node) throws(CompilerError) {
    let isSame =
      graph.tensors[node.inputs[0]].quantization == graph.tensors[node.outputs[0]].quantization
    if isSame { return try lowerReshape(node) }
    if isInt16(node) { try lowerFunction16(node) } else { try lowerLookup(node) }
  }
}

extension [Int] {
  /// Four dimensions, with leading ones; nil when there are more.
  fileprivate var paddedToFour: [Int]? {
    atMostFourDimensions.map { [Int](repeating: 1, count: 4 - $0.count) + $0 }
  }
}
