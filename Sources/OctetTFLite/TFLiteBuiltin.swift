/// An operator of TFLite that Octet reads, writes or both, declared in the file of its definition.
struct TFLiteBuiltin: Sendable, Hashable {
  /// Its number in the schema's `BuiltinOperator`.
  let code: Int
  /// How many data and parameter tensors it takes; absent ones at the end do not count.
  let inputCounts: ClosedRange<Int>
  /// Whether it may have more than one result.
  let hasManyOutputs: Bool
  /// The version that computes with int8; nil when none does. That of floats is 1.
  let int8Version: Int32?
  /// The version that computes with int8 and weights of int4; nil where that is int8's.
  let int4Version: Int32?
  /// The version that computes with int16.
  let int16Version: Int32
  /// The number of its options in the schema's union `BuiltinOptions`; 0 for none.
  let optionsType: Int

  init(
    _ code: Int, inputs: ClosedRange<Int> = 1...1, hasManyOutputs: Bool = false,
    int8Version: Int32? = 2, int4Version: Int32? = nil, int16Version: Int32 = 3, options: Int = 0
  ) {
    self.code = code
    inputCounts = inputs
    self.hasManyOutputs = hasManyOutputs
    self.int8Version = int8Version
    self.int4Version = int4Version
    self.int16Version = int16Version
    optionsType = options
  }

  /// The schema's name.
  var name: String { Self.name(code) }

  /// The name of the schema's number, also of operators that Octet does not know.
  static func name(_ code: Int) -> String {
    guard names.indices.contains(code), !names[code].isEmpty else { return "operator \(code)" }
    return names[code]
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
