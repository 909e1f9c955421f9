import OctetModel

/// The element types of ONNX tensors that Octet reads; raw values are TensorProto.DataType's codes.
public enum ONNXElementType: Int, Sendable {
  case float = 1
  case uint8, int8, uint16, int16, int32, int64
  case bool = 9
  case float16, double, uint32, uint64
  case bfloat16 = 16
  case float8E4M3FN, float8E4M3FNUZ, float8E5M2, float8E5M2FNUZ
  case uint4, int4, float4E2M1, float8E8M0, uint2, int2, float6E2M3, float6E3M2

  /// What the graph calls it.
  public var elementType: ElementType {
    switch self {
    case .float: .float32
    case .double: .float64
    // All others have the same name on both sides; a test holds this.
    default: ElementType(rawValue: "\(self)") ?? .float32
    }
  }

  init(_ type: ElementType) {
    switch type {
    case .float32: self = .float
    case .float64: self = .double
    default: self = Self.named["\(type)"] ?? .float
    }
  }

  private static let named: [String: ONNXElementType] = {
    let all = (1...28).compactMap { ONNXElementType(rawValue: $0) }
    return Dictionary(all.map { ("\($0)", $0) }) { first, _ in first }
  }()

  public var isReal: Bool { elementType.isReal }

  /// Bits of one element in `raw_data`; those of 6 bits have a byte each.
  var bitCount: Int {
    let bits = elementType.bitCount
    return bits == 6 ? 8 : bits
  }

  /// Bytes of one element, at least 1.
  var byteCount: Int { max(bitCount / 8, 1) }

  /// The integers that the type holds (of `uint64`, those that an `Int64` can).
  var range: ClosedRange<Int64> {
    switch self {
    case .bool: return 0...1
    case .int64: return Int64.min...Int64.max
    case .uint64: return 0...Int64.max
    default: break
    }
    let bits = Int64(elementType.bitCount)
    if isReal || bits >= 64 { return Int64.min...Int64.max }
    if !elementType.isSigned { return 0...(1 << bits) - 1 }
    return -(1 << (bits - 1))...(1 << (bits - 1)) - 1
  }

  /// How far unsigned integers move down to become signed ones of the same width.
  var shift: Int64 {
    switch self {
    case .uint8: 128
    case .uint16: 32768
    default: 0
    }
  }

  /// The value modulo the type's width.
  func wrapped(_ value: Int64) -> Int64 { elementType.wrapped(value) }

  /// TensorProto's code for texts, which Octet does not read.
  static let stringCode = 8

  /// The name of a type code in messages, whether Octet reads it or not.
  static func name(_ code: Int) -> String {
    if let type = ONNXElementType(rawValue: code) { return "\(type)" }
    let others = [
      0: "no tensor's (a sequence, a map or an optional value's)", stringCode: "string",
      14: "complex64",
      15: "complex128",
    ]
    return others[code] ?? "type \(code)"
  }
}
