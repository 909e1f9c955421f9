import OctetModel

// The part of TensorFlow Lite's schema, version 3, that all operators share. Facts from
// `schema.fbs`. What an operator alone has stands in its file.

/// The tables of a file and their fields.
enum TFLiteSchema {
  enum Model {
    static let version = FlatSlot<UInt32>(0)
    static let operatorCodes = FlatSlot<[FlatTable]>(1)
    static let subgraphs = FlatSlot<[FlatTable]>(2)
    static let description = FlatSlot<String>(3)
    static let buffers = FlatSlot<[FlatTable]>(4)
  }

  enum OperatorCode {
    /// The code as a byte; 127 when it does not fit.
    static let deprecatedBuiltinCode = FlatSlot<Int8>(0)
    static let customCode = FlatSlot<String>(1)
    static let version = FlatSlot<Int32>(2)
    static let builtinCode = FlatSlot<Int32>(3)
  }

  enum Subgraph {
    static let tensors = FlatSlot<[FlatTable]>(0)
    static let inputs = FlatSlot<[Int32]>(1)
    static let outputs = FlatSlot<[Int32]>(2)
    static let operators = FlatSlot<[FlatTable]>(3)
    static let name = FlatSlot<String>(4)
  }

  enum Tensor {
    static let shape = FlatSlot<[Int32]>(0)
    static let type = FlatSlot<Int8>(1)
    static let buffer = FlatSlot<UInt32>(2)
    static let name = FlatSlot<String>(3)
    static let quantization = FlatSlot<FlatTable>(4)
    static let isVariable = FlatSlot<Bool>(5)
    static let sparsity = FlatSlot<FlatTable>(6)
    static let shapeSignature = FlatSlot<[Int32]>(7)
    static let externalBuffer = FlatSlot<UInt32>(10)
  }

  enum Quantization {
    static let scales = FlatSlot<[Float]>(2)
    static let zeroPoints = FlatSlot<[Int64]>(3)
    static let detailsType = FlatSlot<UInt8>(4)
    static let dimension = FlatSlot<Int32>(6)
  }

  enum Buffer {
    static let data = FlatSlot<[UInt8]>(0)
    /// Data outside the FlatBuffer: from the start of the file, when above 1.
    static let offset = FlatSlot<UInt64>(1)
    static let byteCount = FlatSlot<UInt64>(2)
  }

  enum Operator {
    static let codeIndex = FlatSlot<UInt32>(0)
    static let inputs = FlatSlot<[Int32]>(1)
    static let outputs = FlatSlot<[Int32]>(2)
    static let optionsType = FlatSlot<UInt8>(3)
    static let options = FlatSlot<FlatTable>(4)
  }
}

enum TFLiteTensorType: Int {
  case float32 = 0
  case float16 = 1
  case int32 = 2
  case uint8 = 3
  case int64 = 4
  case bool = 6
  case int16 = 7
  case int8 = 9
  /// Two a byte, the first in the lower half.
  case int4 = 17

  /// Bytes of `count` elements.
  func byteCount(_ count: Int) -> Int {
    switch self {
    case .int4: (count + 1) / 2
    case .int8, .uint8, .bool: count
    case .float16, .int16: 2 * count
    case .float32, .int32: 4 * count
    case .int64: 8 * count
    }
  }

  /// The type's name in the schema, whatever its number.
  static func name(_ number: Int) -> String {
    let names = [
      "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "STRING", "BOOL", "INT16", "COMPLEX64",
      "INT8", "FLOAT64", "COMPLEX128", "UINT64", "RESOURCE", "VARIANT", "UINT32", "UINT16", "INT4",
    ]
    return names.indices.contains(number) ? names[number] : "type \(number)"
  }
}

/// The activations that operators have in their options; the number is the position.
enum FusedActivation {
  static let all: [Activation] = [.none, .relu, .reluN1To1, .relu6]
}
