import OctetModel
import OctetRuntime

extension Lowering {
  /// A function of one element: a table of its 256 results.
  mutating func lowerLookup(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    let (input, output) = (node.inputs[0], node.outputs[0])
    // |q − zero point| ≤ 255 < 2⁸ must stay below 2³¹ when it is scaled.
    guard scale(input) / scale(output) < 4_194_304 else {
      throw .invalid(node: node.name, reason: "its scales are too far apart")
    }
    let table = LookupTable(
      input: .init(scale: scale(input), zeroPoint: zeroPoint(input)),
      output: .init(scale: scale(output), zeroPoint: zeroPoint(output)),
      roundsOnce: graph.metadata.roundsOnce)
    if case .prelu = node.operation {
      try append(
        .lookup, node, inputs: [input], output: output, try preluParameters(node, table))
      return
    }
    guard let values = table.values(of: node.operation) else {
      throw .invalid(
        node: node.name, reason: "\(node.operation.name) has no operator in the runtime")
    }
    try append(.lookup, node, inputs: [input], output: output, [.value(1), .bytes(values)])
  }

  /// A table for each channel, or one when all slopes are one.
  private func preluParameters(
    _ node: Node, _ table: LookupTable
  ) throws(CompilerError) -> [LoweredOperator.Parameter] {
    let slope = graph.tensors[node.inputs[1]]
    let channels = graph.tensors[node.inputs[0]].shape.last ?? 1
    let count = slope.elementCount
    guard slope.constant != nil, count == 1 || count == channels && slope.shape.last == channels
    else {
      throw .invalid(
        node: node.name,
        reason: "the slopes of a parametric ReLU must be constants, one for each channel")
    }
    let code = LookupTable.Code(
      scale: scale(node.inputs[1]), zeroPoint: zeroPoint(node.inputs[1]))
    switch slope.constant {
    case .int8(let codes):
      return [.value(count), .bytes(table.preluValues(slopes: codes, of: code))]
    case .float(let slopes): return [.value(count), .bytes(table.preluValues(slopes: slopes))]
    default:
      throw .invalid(node: node.name, reason: "its slopes are neither int8 nor float")
    }
  }
}
