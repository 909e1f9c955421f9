import OctetModel

/// BATCH_MATMUL. Operands that are read transposed get a node that does it.
enum MatrixProduct: TFLiteDefinition {
  private static let builtin = TFLiteBuiltin(126, inputs: 2...2, options: 101)
  static let builtins = [builtin]
  /// Whether the left, and the right, operand is read transposed.
  private static let isTransposed = [FlatSlot<Bool>(0), FlatSlot<Bool>(1)]

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    var operands: [TensorIndex] = []
    for (position, slot) in isTransposed.enumerated() {
      let given = try call.operand(position)
      let rank = call.tensor(given).shape.count
      guard rank >= 2 else { throw call.broken("input \(position) has \(rank) dimensions") }
      operands.append(
        try call[slot] ? try swapped(given, call, "/\(position)") : given)
    }
    try requireOneScale(operands, call)
    try call.append(.matrixMultiply, inputs: operands)
  }

  /// The tensor with its last two axes swapped.
  static func swapped(
    _ tensor: TensorIndex, _ call: TFLiteCall, _ suffix: String
  ) throws(TFLiteRefusal) -> TensorIndex {
    var permutation = Array(call.tensor(tensor).shape.indices)
    permutation.swapAt(permutation.count - 2, permutation.count - 1)
    return try call.step(.transpose(permutation), [tensor], suffix + "/transposed")
  }

  static func requireOneScale(
    _ operands: [TensorIndex], _ call: TFLiteCall
  ) throws(TFLiteRefusal) {
    let types = operands.map { call.tensor($0).elementType }
    guard types[0] == types[1] else {
      throw .unsupported(
        "it multiplies \(types[0]) by \(types[1]); quantize both operands or none")
    }
    guard operands.allSatisfy({ call.tensor($0).quantization?.axis == nil }) else {
      throw .unsupported("its operands have several scales; quantize them with one each")
    }
  }

  static func write(_ node: Node, _ exporter: TFLiteExporter) throws(TFLiteRefusal) {
    let graph = exporter.graph
    guard node.inputs.allSatisfy({ graph.tensors[$0].shape.count >= 2 }) else {
      throw .unsupported("TFLite multiplies matrices, not vectors")
    }
    let (left, right) = (node.inputs[0], node.inputs[1])
    let unswapped = exporter.swapped[right]
    exporter.append(
      builtin, node, inputs: [exporter.tensor(left), exporter.tensor(unswapped ?? right)],
      outputs: [exporter.tensor(node.outputs[0])],
      options: [isTransposed[0](false), isTransposed[1](unswapped != nil)])
  }
}
