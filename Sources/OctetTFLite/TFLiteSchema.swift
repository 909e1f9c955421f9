// The part of TensorFlow Lite's schema, version 3, that Octet reads and writes: numbers of
// operators, options and types, and the slots of tables' fields. Facts from `schema.fbs`.

/// Slots of tables' fields: offsets in the vtable.
enum TFLiteSlot {
  enum Model {
    static let version = 4  // u32
    static let operatorCodes = 6
    static let subgraphs = 8
    static let description = 10
    static let buffers = 12
  }

  enum OperatorCode {
    /// The code as a byte; 127 when it does not fit.
    static let deprecatedBuiltinCode = 4  // i8
    static let customCode = 6
    static let version = 8  // i32, default 1
    static let builtinCode = 10  // i32
  }

  enum Subgraph {
    static let tensors = 4
    static let inputs = 6
    static let outputs = 8
    static let operators = 10
    static let name = 12
  }

  enum Tensor {
    static let shape = 4
    static let type = 6  // i8
    static let buffer = 8  // u32
    static let name = 10
    static let quantization = 12
    static let isVariable = 14  // bool
    static let sparsity = 16
    static let shapeSignature = 18
    static let externalBuffer = 24  // u32
  }

  enum Quantization {
    static let scales = 8
    static let zeroPoints = 10  // i64 each
    static let detailsType = 12  // u8
    static let dimension = 16  // i32
  }

  enum Buffer {
    static let data = 4
    /// Data outside the FlatBuffer: from the start of the file, when above 1.
    static let offset = 6  // u64
    static let byteCount = 8  // u64
  }

  enum Operator {
    static let codeIndex = 4  // u32
    static let inputs = 6
    static let outputs = 8
    static let optionsType = 10  // u8
    static let options = 12
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

  /// The type's name in the schema, whatever its number.
  static func name(_ number: Int) -> String {
    let names = [
      "FLOAT32", "FLOAT16", "INT32", "UINT8", "INT64", "STRING", "BOOL", "INT16", "COMPLEX64",
      "INT8", "FLOAT64", "COMPLEX128", "UINT64", "RESOURCE", "VARIANT", "UINT32", "UINT16", "INT4",
    ]
    return names.indices.contains(number) ? names[number] : "type \(number)"
  }
}

/// The operators that Octet takes over, by their numbers.
enum TFLiteOperator: Int, CaseIterable {
  case add = 0
  case averagePool2D = 1
  case concatenation = 2
  case conv2D = 3
  case depthwiseConv2D = 4
  case depthToSpace = 5
  case dequantize = 6
  case floor = 8
  case fullyConnected = 9
  case l2Normalization = 11
  case logistic = 14
  case maxPool2D = 17
  case mul = 18
  case relu = 19
  case reluN1To1 = 20
  case relu6 = 21
  case reshape = 22
  case resizeBilinear = 23
  case softmax = 25
  case spaceToDepth = 26
  case tanh = 28
  case pad = 34
  case gather = 36
  case batchToSpaceND = 37
  case spaceToBatchND = 38
  case transpose = 39
  case mean = 40
  case sub = 41
  case div = 42
  case squeeze = 43
  case stridedSlice = 45
  case exp = 47
  case split = 49
  case logSoftmax = 50
  case prelu = 54
  case maximum = 55
  case argMax = 56
  case minimum = 57
  case neg = 59
  case padV2 = 60
  case select = 64
  case slice = 65
  case sin = 66
  case transposeConv = 67
  case tile = 69
  case expandDims = 70
  case log = 73
  case sum = 74
  case sqrt = 75
  case rsqrt = 76
  case shape = 77
  case argMin = 79
  case reduceProd = 81
  case reduceMax = 82
  case pack = 83
  case unpack = 88
  case reduceMin = 89
  case square = 92
  case resizeNearestNeighbor = 97
  case leakyRelu = 98
  case squaredDifference = 99
  case mirrorPad = 100
  case abs = 101
  case splitV = 102
  case ceil = 104
  case cos = 108
  case elu = 111
  case quantize = 114
  case round = 116
  case hardSwish = 117
  case selectV2 = 123
  case batchMatMul = 126
  case gelu = 150
  case relu0To1 = 152
  case sign = 158

  /// Numbers of data and parameter tensors that the operator takes.
  var inputCounts: ClosedRange<Int> {
    switch self {
    case .conv2D, .depthwiseConv2D, .fullyConnected: 2...3
    case .add, .sub, .mul, .div, .squaredDifference, .batchMatMul, .prelu, .maximum, .minimum, .pad,
      .transpose, .mean, .sum, .reduceMax, .reduceMin, .reduceProd, .argMax, .argMin, .split, .tile,
      .expandDims, .resizeBilinear, .resizeNearestNeighbor, .mirrorPad, .gather:
      2...2
    case .padV2, .slice, .splitV, .spaceToBatchND, .batchToSpaceND, .select, .selectV2: 3...3
    case .transposeConv: 3...4
    case .stridedSlice: 4...4
    case .reshape: 1...2
    case .concatenation, .pack: 1...Int.max
    default: 1...1
    }
  }

  /// The name of the schema's number, also of operators that Octet does not know.
  static func name(_ number: Int) -> String {
    guard names.indices.contains(number), !names[number].isEmpty else {
      return "operator \(number)"
    }
    return names[number]
  }

  private static let names = """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D DEPTH_TO_SPACE DEQUANTIZE \
    EMBEDDING_LOOKUP FLOOR FULLY_CONNECTED HASHTABLE_LOOKUP L2_NORMALIZATION L2_POOL_2D \
    LOCAL_RESPONSE_NORMALIZATION LOGISTIC LSH_PROJECTION LSTM MAX_POOL_2D MUL RELU RELU_N1_TO_1 \
    RELU6 RESHAPE RESIZE_BILINEAR RNN SOFTMAX SPACE_TO_DEPTH SVDF TANH CONCAT_EMBEDDINGS SKIP_GRAM \
    CALL CUSTOM EMBEDDING_LOOKUP_SPARSE PAD UNIDIRECTIONAL_SEQUENCE_RNN GATHER BATCH_TO_SPACE_ND \
    SPACE_TO_BATCH_ND TRANSPOSE MEAN SUB DIV SQUEEZE UNIDIRECTIONAL_SEQUENCE_LSTM STRIDED_SLICE \
    BIDIRECTIONAL_SEQUENCE_RNN EXP TOPK_V2 SPLIT LOG_SOFTMAX DELEGATE \
    BIDIRECTIONAL_SEQUENCE_LSTM CAST PRELU MAXIMUM ARG_MAX MINIMUM LESS NEG PADV2 GREATER \
    GREATER_EQUAL LESS_EQUAL SELECT SLICE SIN TRANSPOSE_CONV SPARSE_TO_DENSE TILE EXPAND_DIMS \
    EQUAL NOT_EQUAL LOG SUM SQRT RSQRT SHAPE POW ARG_MIN FAKE_QUANT REDUCE_PROD REDUCE_MAX PACK \
    LOGICAL_OR ONE_HOT LOGICAL_AND LOGICAL_NOT UNPACK REDUCE_MIN FLOOR_DIV REDUCE_ANY SQUARE \
    ZEROS_LIKE FILL FLOOR_MOD RANGE RESIZE_NEAREST_NEIGHBOR LEAKY_RELU SQUARED_DIFFERENCE \
    MIRROR_PAD ABS SPLIT_V UNIQUE CEIL REVERSE_V2 ADD_N GATHER_ND COS WHERE RANK ELU \
    REVERSE_SEQUENCE MATRIX_DIAG QUANTIZE MATRIX_SET_DIAG ROUND HARD_SWISH IF WHILE \
    NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 SCATTER_ND SELECT_V2 DENSIFY SEGMENT_SUM \
    BATCH_MATMUL - CUMSUM CALL_ONCE BROADCAST_TO RFFT2D CONV_3D IMAG REAL COMPLEX_ABS HASHTABLE \
    HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_SIZE REDUCE_ALL CONV_3D_TRANSPOSE VAR_HANDLE \
    READ_VARIABLE ASSIGN_VARIABLE BROADCAST_ARGS RANDOM_STANDARD_NORMAL BUCKETIZE RANDOM_UNIFORM \
    MULTINOMIAL GELU DYNAMIC_UPDATE_SLICE RELU_0_TO_1 UNSORTED_SEGMENT_PROD UNSORTED_SEGMENT_MAX \
    UNSORTED_SEGMENT_SUM ATAN2 UNSORTED_SEGMENT_MIN SIGN
    """.split(separator: " ").map { $0 == "-" ? "" : String($0) }
}

/// Numbers of the options' union and the slots of their fields.
enum TFLiteOptions {
  enum Conv2D {
    static let type = 1
    static let padding = 4
    static let strideWidth = 6
    static let strideHeight = 8
    static let activation = 10
    static let dilationWidth = 12
    static let dilationHeight = 14
  }

  enum DepthwiseConv2D {
    static let type = 2
    static let padding = 4
    static let strideWidth = 6
    static let strideHeight = 8
    static let depthMultiplier = 10
    static let activation = 12
    static let dilationWidth = 14
    static let dilationHeight = 16
  }

  enum Pool2D {
    static let type = 5
    static let padding = 4
    static let strideWidth = 6
    static let strideHeight = 8
    static let filterWidth = 10
    static let filterHeight = 12
    static let activation = 14
  }

  enum FullyConnected {
    static let type = 8
    static let activation = 4
    static let weightsFormat = 6
    static let keepsDimensions = 8
  }

  enum BatchMatMul {
    static let type = 101
    static let isLeftTransposed = 4
    static let isRightTransposed = 6
  }

  enum Softmax {
    static let type = 9
    static let beta = 4
  }

  enum Concatenation {
    static let type = 10
    static let axis = 4
    static let activation = 6
  }

  /// Add, subtract, multiply and divide have the activation alone in the first slot.
  enum Binary {
    static let addType = 11
    static let multiplyType = 21
    static let subtractType = 28
    static let divideType = 29
    static let activation = 4
  }

  enum Resize {
    static let bilinearType = 15
    static let nearestType = 74
    static let bilinearAlignsCorners = 8
    static let bilinearHasHalfPixelCenters = 10
    static let nearestAlignsCorners = 4
    static let nearestHasHalfPixelCenters = 6
  }

  enum Reshape {
    static let type = 17
    static let shape = 4
  }

  enum Pad {
    static let type = 22
    static let typeV2 = 43
  }

  enum Transpose {
    static let type = 26
  }

  enum Reducer {
    static let type = 27
    static let keepsDimensions = 4
  }

  enum StridedSlice {
    static let type = 32
    static let beginMask = 4
    static let endMask = 6
    static let ellipsisMask = 8
    static let newAxisMask = 10
    static let shrinkAxisMask = 12
    static let endIsOffset = 14
  }

  enum Split {
    static let type = 35
    static let typeV = 79
    static let count = 4
  }

  enum MaximumMinimum {
    static let type = 39
  }

  enum TransposeConv {
    static let type = 49
    static let padding = 4
    static let strideWidth = 6
    static let strideHeight = 8
    static let activation = 10
  }

  enum LeakyRelu {
    static let type = 75
    static let alpha = 4
  }

  enum L2Normalization {
    static let type = 12
    static let activation = 4
  }

  enum Gelu {
    static let type = 116
    static let isApproximate = 4
  }

  enum Block {
    static let toSpaceType = 94
    static let toDepthType = 19
    static let size = 4
  }

  enum MirrorPad {
    static let type = 77
    static let mode = 4
  }

  enum Gather {
    static let type = 23
    static let axis = 4
    static let batchDimensions = 6
  }

  enum Pack {
    static let type = 59
    static let unpackType = 64
    static let axis = 6
  }
}
