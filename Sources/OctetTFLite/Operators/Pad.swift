import OctetModel

/// PAD, which adds real zeros, and PADV2, which adds a constant number.
enum Pad: TFLiteDefinition {
  private static let zeros = TFLiteBuiltin(34, inputs: 2...2, options: 22)
  private static let number = TFLiteBuiltin(60, inputs: 3...3, options: 43)
  static let builtins = [zeros, number]

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let rank = try call.shape(0).count
    let amounts = try call.integers(1, "its amounts are")
    guard amounts.count == 2 * rank else {
      throw call.broken("it has \(amounts.count) amounts for \(rank) dimensions")
    }
    guard amounts.allSatisfy({ (0...Graph.maximumElementCount).contains($0) }) else {
      throw call.broken("it has the amounts \(amounts)")
    }
    var value: Float = 0
    if call.kind == number {
      let index = call.importer.dequantized(try call.operand(2))
      guard case .float(let values) = call.tensor(index).constant, values.count == 1
      else {
        throw .unsupported("its value is no constant; only constants are supported")
      }
      value = values[0]
    }
    try call.append(
      .pad(
        before: (0..<rank).map { amounts[2 * $0] }, after: (0..<rank).map { amounts[2 * $0 + 1] },
        mode: .constant(value)))
  }

  static func write(
    _ node: Node, _ before: [Int], _ after: [Int], _ mode: PadMode,
    _ exporter: TFLiteExporter
  ) throws(TFLiteRefusal) {
    guard case .constant(let value) = mode, (before + after).allSatisfy({ $0 >= 0 }) else {
      throw .unsupported("only padding with a constant can be written")
    }
    write(
      node, exporter.tensor(node.inputs[0]), zip(before, after).flatMap { [$0, $1] },
      value == 0 ? nil : value, to: nil, exporter)
  }

  /// Adds PAD, or PADV2 with a value, before and after each axis of x.
  ///
  /// - Parameter result: the node's when nil.
  static func write(
    _ node: Node, _ x: Int, _ amounts: [Int], _ value: Float?, to result: Int?,
    _ exporter: TFLiteExporter
  ) {
    let source = exporter.graph.tensors[node.inputs[0]]
    var inputs = [x, exporter.integers(amounts, shape: [amounts.count / 2, 2], node)]
    if let value { inputs.append(exporter.number(value, like: source, node)) }
    exporter.append(
      value == nil ? zeros : number, node, inputs: inputs,
      outputs: [result ?? exporter.tensor(node.outputs[0])])
  }
}
