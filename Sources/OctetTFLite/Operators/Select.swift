import OctetModel

/// SELECT and SELECT_V2. With a constant condition, codes are chosen by a minimum with the greatest
/// code or the least.
enum Select: TFLiteDefinition {
  private static let rows = TFLiteBuiltin(64, inputs: 3...3)
  static let builtins = [rows, TFLiteBuiltin(123, inputs: 3...3)]

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    var operands = try call.operands(3)
    var condition = call.tensor(operands[0])
    let (a, b) = (call.tensor(operands[1]), call.tensor(operands[2]))
    if call.kind == rows, condition.shape.count == 1, a.shape.count > 1 {
      // The older operator chooses whole rows so.
      condition.shape += [Int](repeating: 1, count: a.shape.count - 1)
      guard condition.constant != nil else {
        throw .unsupported("its condition is computed for whole rows; give it all dimensions")
      }
      operands[0] = call.importer.addTensor(condition)
    }
    guard condition.elementType == .bool else {
      throw call.broken("its condition is no truth value")
    }
    guard let grid = a.quantization else {
      return try call.append(.select, inputs: operands)
    }
    let output = call.tensor(try call.result())
    guard case .int64(let truths) = condition.constant else {
      throw .unsupported("its condition is computed by the model; in int8 only constants are")
    }
    guard grid == b.quantization, grid == output.quantization else {
      throw .unsupported("its operands have different scales; quantize it so that they share one")
    }
    var parts: [TensorIndex] = []
    for (operand, truth, suffix) in [(operands[1], 1, "/chosen"), (operands[2], 0, "/other")] {
      let mask = call.importer.addTensor(
        Tensor(
          name: call.name + suffix + "/mask", shape: condition.shape, elementType: .int8,
          constant: .int8(truths.map { $0 == truth ? 127 : -128 }), quantization: grid))
      parts.append(try call.step(.minimum, [operand, mask], suffix))
    }
    try call.append(.maximum, inputs: parts)
  }
}
