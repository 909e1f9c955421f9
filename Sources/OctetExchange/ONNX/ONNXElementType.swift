/// The element types of ONNX tensors that Octet reads; raw values are TensorProto.DataType's codes.
public enum ONNXElementType: Int, Sendable {
  case float = 1
  case uint8, int8, uint16, int16, int32, int64
  case bool = 9
  case float16, double, uint32, uint64
  case bfloat16 = 16

  public var isReal: Bool {
    switch self {
    case .float, .float16, .double, .bfloat16: true
    default: false
    }
  }

  /// Bytes of one element in `raw_data`.
  var byteCount: Int {
    switch self {
    case .uint8, .int8, .bool: 1
    case .uint16, .int16, .float16, .bfloat16: 2
    case .float, .int32, .uint32: 4
    case .int64, .uint64, .double: 8
    }
  }

  /// The integers that the type holds (of `uint64`, those that Octet takes).
  var range: ClosedRange<Int64> {
    switch self {
    case .uint8: 0...255
    case .int8: -128...127
    case .uint16: 0...65535
    case .int16: -32768...32767
    case .int32: Int64(Int32.min)...Int64(Int32.max)
    case .uint32: 0...Int64(UInt32.max)
    case .uint64: 0...Int64.max
    case .bool: 0...1
    default: Int64.min...Int64.max
    }
  }

  /// How far unsigned integers move down to become signed ones of the same width.
  var shift: Int64 {
    switch self {
    case .uint8: 128
    case .uint16: 32768
    default: 0
    }
  }

  /// The name of a type code in messages, whether Octet reads it or not.
  static func name(_ code: Int) -> String {
    if let type = ONNXElementType(rawValue: code) { return "\(type)" }
    let others = [
      8: "string", 14: "complex64", 15: "complex128", 17: "float8e4m3fn", 18: "float8e4m3fnuz",
      19: "float8e5m2", 20: "float8e5m2fnuz", 21: "uint4", 22: "int4", 23: "float4e2m1",
      24: "float8e8m0", 25: "uint2", 26: "int2",
    ]
    return others[code] ?? "type \(code)"
  }
}
