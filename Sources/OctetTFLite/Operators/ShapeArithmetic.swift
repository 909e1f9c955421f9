import OctetModel

/// SHAPE, and what computes with shapes alone: CAST and FLOOR_DIV.
///
/// Converters that leave the batch open write nodes that compute shapes from the input's: SHAPE,
/// STRIDED_SLICE, PACK, RESHAPE. With a batch of 1 they are known when the file is read; the
/// `integers` of each definition computes them.
enum ShapeArithmetic: TFLiteDefinition {
  fileprivate static let shape = TFLiteBuiltin(77)
  private static let cast = TFLiteBuiltin(53, inputs: 0...Int.max)
  private static let floorDivision = TFLiteBuiltin(90, inputs: 0...Int.max)
  static let builtins = [shape, cast, floorDivision]

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    guard call.kind == shape else { throw .noOperator }
    throw .unsupported(
      "its inputs are computed while the model runs; convert it with fixed shapes")
  }

  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    call.kind == floorDivision ? pairs(operands, quotient) : operands.first
  }

  /// The quotient of two sizes; truncating and rounding down are the same there. What is negative,
  /// and a divisor of 0, counts as overflow.
  static func quotient(_ a: Int, _ b: Int) -> (partialValue: Int, overflow: Bool) {
    a < 0 || b <= 0 ? (0, true) : (a / b, false)
  }

  /// The values joined one after the other; nil when they overflow.
  static func joined(
    _ values: [Int], _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) -> Int? {
    var result = values[0]
    for value in values.dropFirst() {
      let (next, overflow) = operation(result, value)
      if overflow { return nil }
      result = next
    }
    return result
  }

  /// Two lists of one length, or a list and one number; nil for others, and on overflow.
  static func pairs(
    _ operands: [[Int]], _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) -> [Int]? {
    guard operands.count == 2 else { return nil }
    let count = max(operands[0].count, operands[1].count)
    guard operands.allSatisfy({ $0.count == count || $0.count == 1 }) else { return nil }
    var result: [Int] = []
    for index in 0..<count {
      let pair = operands.map { $0.count == 1 ? $0[0] : $0[index] }
      guard let value = joined(pair, operation) else { return nil }
      result.append(value)
    }
    return result
  }
}

extension TFLiteCall {
  /// More integers than any shape has; a small file cannot grow without bound.
  private static let limit = 64

  /// The integers that the call gives when they are known, as where a shape is computed.
  func knownResult(_ definition: any TFLiteDefinition.Type) throws(TFLiteRefusal) -> [Int]? {
    guard node.outputs.count == 1, file.tensors[node.outputs[0]].isIntegerTyped else { return nil }
    if kind == ShapeArithmetic.shape {
      guard node.inputs.count == 1 else { throw broken("it has \(node.inputs.count) inputs") }
      return try shape(0)
    }
    var operands: [[Int]] = []
    for position in node.inputs.indices {
      guard node.inputs[position] >= 0, let values = try knownIntegers(position) else {
        return nil
      }
      operands.append(values)
    }
    guard !operands.isEmpty, let result = try definition.integers(self, operands),
      result.count <= Self.limit
    else { return nil }
    return result
  }

  /// The values of an integer operand, when they are few and known.
  private func knownIntegers(_ position: Int) throws(TFLiteRefusal) -> [Int]? {
    let index = node.inputs[position]
    if let values = importer.knownIntegers[index] { return values }
    let tensor = file.tensors[index]
    guard tensor.isIntegerTyped else { return nil }
    try tensor.checkShape()
    guard tensor.shape.elementCount <= Self.limit else { return nil }
    return try file.constant(tensor)?.integers
  }
}

extension TFLiteFile.Tensor {
  fileprivate var isIntegerTyped: Bool {
    [.int32, .int64].contains(TFLiteTensorType(rawValue: type)) && scales.isEmpty
  }
}
