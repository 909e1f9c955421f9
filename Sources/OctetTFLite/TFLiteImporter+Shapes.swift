import OctetModel

/// What importing has found out about the file's tensors.
final class TFLiteKnowledge {
  /// Values of integer tensors that follow from shapes.
  var integers: [Int: [Int]] = [:]
  /// Shapes of tensors whose shape the file leaves open.
  var shapes: [Int: [Int]] = [:]
}

// Converters that leave the batch open write nodes that compute shapes from the input's: SHAPE,
// STRIDED_SLICE, PACK, RESHAPE. With a batch of 1 they are known when the file is read.

extension TFLiteImporter {
  /// More integers than any shape has; a small file cannot grow without bound.
  private static let limit = 64

  /// Computes a node of integers whose inputs are all known; false for any other.
  mutating func computeShape(_ node: TFLiteFile.Node) throws(TFLiteRefusal) -> Bool {
    guard node.outputs.count == 1, file.tensors[node.outputs[0]].isIntegerTyped else {
      return false
    }
    guard let code = TFLiteShapeOperator(rawValue: node.code) else { return false }
    let call = TFLiteCall(
      node: node, kind: .shape, name: node.operatorName, file: file, known: known)
    if code == .shape {
      guard node.inputs.count == 1 else { throw call.broken("it has \(node.inputs.count) inputs") }
      known.integers[node.outputs[0]] = try call.shape(0)
      return true
    }
    var operands: [[Int]] = []
    for position in node.inputs.indices {
      guard node.inputs[position] >= 0, let values = try call.knownIntegers(position) else {
        return false
      }
      operands.append(values)
    }
    guard let result = try Self.compute(code, operands, call), result.count <= Self.limit else {
      return false
    }
    known.integers[node.outputs[0]] = result
    return true
  }

  private static func compute(
    _ code: TFLiteShapeOperator, _ operands: [[Int]], _ call: TFLiteCall
  ) throws(TFLiteRefusal) -> [Int]? {
    guard let first = operands.first else { return nil }
    switch code {
    case .shape: return nil
    case .pack:
      return operands.allSatisfy { $0.count == 1 } ? operands.flatMap { $0 } : nil
    case .concatenation: return operands.flatMap { $0 }
    case .cast, .reshape, .squeeze, .expandDims: return first
    case .gather:
      guard operands.count == 2, operands[1].allSatisfy({ first.indices.contains($0) }) else {
        return nil
      }
      return operands[1].map { first[$0] }
    case .stridedSlice:
      guard operands.count == 4, try call.shape(0).count == 1 else { return nil }
      let slice = try StridedSlice(call, shape: [first.count])
      return (0..<slice.count[0]).map { first[slice.begin[0] + $0 * slice.stride[0]] }
    case .reduceProd:
      return try combined([1] + first) { $0.multipliedReportingOverflow(by: $1) }.map { [$0] }
    default: return try pairwise(code, operands)
    }
  }

  /// The values joined one after the other; nil when they overflow.
  private static func combined(
    _ values: [Int], _ operation: (Int, Int) -> (partialValue: Int, overflow: Bool)
  ) throws(TFLiteRefusal) -> Int? {
    var result = values[0]
    for value in values.dropFirst() {
      let (next, overflow) = operation(result, value)
      if overflow { return nil }
      result = next
    }
    return result
  }

  private static func pairwise(
    _ code: TFLiteShapeOperator, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? {
    guard operands.count == 2 else { return nil }
    let count = max(operands[0].count, operands[1].count)
    guard operands.allSatisfy({ $0.count == count || $0.count == 1 }) else { return nil }
    var result: [Int] = []
    for index in 0..<count {
      let pair = operands.map { $0.count == 1 ? $0[0] : $0[index] }
      let value = try combined(pair) { a, b in
        switch code {
        case .add: a.addingReportingOverflow(b)
        case .sub: a.subtractingReportingOverflow(b)
        case .mul: a.multipliedReportingOverflow(by: b)
        case .maximum: (max(a, b), false)
        case .minimum: (min(a, b), false)
        // Of sizes, which are not negative; there truncating and rounding down are the same.
        default: a < 0 || b <= 0 ? (0, true) : (a / b, false)
        }
      }
      guard let value else { return nil }
      result.append(value)
    }
    return result
  }
}

/// The operators that compute shapes, by their numbers in the schema.
enum TFLiteShapeOperator: Int {
  case add = 0
  case concatenation = 2
  case mul = 18
  case reshape = 22
  case gather = 36
  case sub = 41
  case div = 42
  case squeeze = 43
  case stridedSlice = 45
  case cast = 53
  case maximum = 55
  case minimum = 57
  case expandDims = 70
  case shape = 77
  case reduceProd = 81
  case pack = 83
  case floorDiv = 90
}

extension TFLiteFile.Tensor {
  var isIntegerTyped: Bool {
    [.int32, .int64].contains(TFLiteTensorType(rawValue: type)) && scales.isEmpty
  }
}

extension TFLiteCall {
  /// The values of an integer operand, when they are few and known.
  func knownIntegers(_ position: Int) throws(TFLiteRefusal) -> [Int]? {
    let index = node.inputs[position]
    if let values = known.integers[index] { return values }
    let tensor = file.tensors[index]
    guard tensor.isIntegerTyped else { return nil }
    try tensor.checkShape()
    guard tensor.shape.elementCount <= 64 else { return nil }
    switch try file.constant(tensor) {
    case .int32(let values): return values.map { Int($0) }
    case .int64(let values): return values.map { Int($0) }
    default: return nil
    }
  }
}
