/// What the elements of a tensor are.
///
/// A tensor of a real type is held in 32-bit floats, rounded to the type's own numbers whenever a
/// node makes it (`float64` counts as `float32`). A tensor of integers is held in 64 bits, and
/// what does not fit wraps around. A tensor with `quantization` stands for real numbers whatever
/// its element type.
public enum ElementType: String, Sendable, CaseIterable {
  case float32, float64, float16, bfloat16
  case float8E4M3FN, float8E4M3FNUZ, float8E5M2, float8E5M2FNUZ, float8E8M0
  case float6E2M3, float6E3M2, float4E2M1
  case int2, int4, int8, int16, int32, int64
  case uint2, uint4, uint8, uint16, uint32, uint64
  case bool

  /// Whether the elements are real numbers rather than integers or truth values.
  public var isReal: Bool {
    switch self {
    case .float32, .float64, .float16, .bfloat16, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2,
      .float8E5M2FNUZ, .float8E8M0, .float6E2M3, .float6E3M2, .float4E2M1:
      true
    default: false
    }
  }

  /// Bits of an element where elements are packed as tightly as their formats allow.
  public var bitCount: Int {
    switch self {
    case .int2, .uint2: 2
    case .int4, .uint4, .float4E2M1: 4
    case .float6E2M3, .float6E3M2: 6
    case .int8, .uint8, .bool, .float8E4M3FN, .float8E4M3FNUZ, .float8E5M2, .float8E5M2FNUZ,
      .float8E8M0:
      8
    case .int16, .uint16, .float16, .bfloat16: 16
    case .int32, .uint32, .float32: 32
    case .int64, .uint64, .float64: 64
    }
  }

  /// Whether negative numbers can be held; floats can, truth values cannot.
  public var isSigned: Bool {
    switch self {
    case .uint2, .uint4, .uint8, .uint16, .uint32, .uint64, .bool: false
    default: true
    }
  }

  /// The value modulo 2 to the power of the type's width; a truth value becomes 0 or 1. A `uint64`
  /// is held by the `Int64` of the same bits.
  @inline(__always)
  public func wrapped(_ value: Int64) -> Int64 {
    if self == .bool { return value == 0 ? 0 : 1 }
    let unused = Int64(64 - bitCount)
    let top = value << unused
    return isSigned ? top >> unused : Int64(bitPattern: UInt64(bitPattern: top) >> UInt64(unused))
  }

  /// The numbers of a real type narrower than 32 bits; nil for the others.
  public var floatFormat: FloatFormat? {
    switch self {
    case .float16: FloatFormat(exponentBits: 5, fractionBits: 10, special: .infinityAndNaN)
    case .bfloat16: FloatFormat(exponentBits: 8, fractionBits: 7, special: .infinityAndNaN)
    case .float8E5M2: FloatFormat(exponentBits: 5, fractionBits: 2, special: .infinityAndNaN)
    case .float8E4M3FN: FloatFormat(exponentBits: 4, fractionBits: 3, special: .nan)
    case .float8E4M3FNUZ:
      FloatFormat(exponentBits: 4, fractionBits: 3, bias: 8, special: .nanForNegativeZero)
    case .float8E5M2FNUZ:
      FloatFormat(exponentBits: 5, fractionBits: 2, bias: 16, special: .nanForNegativeZero)
    case .float8E8M0: FloatFormat(exponentBits: 8, fractionBits: 0, special: .powersOfTwo)
    case .float6E2M3: FloatFormat(exponentBits: 2, fractionBits: 3, special: .none)
    case .float6E3M2: FloatFormat(exponentBits: 3, fractionBits: 2, special: .none)
    case .float4E2M1: FloatFormat(exponentBits: 2, fractionBits: 1, special: .none)
    default: nil
    }
  }
}

extension Tensor {
  /// Whether the elements are integers or truth values that stand for themselves.
  public var isInteger: Bool { quantization == nil && !elementType.isReal }
}
