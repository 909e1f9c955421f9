import OctetModel
import OctetTFLite

extension OperatorSample {
  /// The table's rows, in its order.
  static let all = weighted + spatial + binary + activations + arrangement + floatOnly + resolved

  private static let image = [1, 4, 4, 4]

  private static let weighted: [OperatorSample] = [
    OperatorSample(
      title: "convolution", onnx: ["Conv", "QLinearConv"], tflite: ["CONV_2D"],
      operation: .convolution(ConvolutionAttributes()), constants: [[4, 3, 3, 4], [4]]),
    OperatorSample(
      title: "depthwise convolution", onnx: ["Conv", "QLinearConv"], tflite: ["DEPTHWISE_CONV_2D"],
      operation: .depthwiseConvolution(ConvolutionAttributes()), constants: [[1, 3, 3, 4], [4]]),
    OperatorSample(
      title: "transposed convolution", onnx: ["ConvTranspose"], tflite: ["TRANSPOSE_CONV"],
      operation: .transposedConvolution(TransposedConvolutionAttributes(outputExtent: Extent(6))),
      constants: [[4, 3, 3, 4], [4]]),
    OperatorSample(
      title: "fully connected", onnx: ["Gemm", "MatMul", "QLinearMatMul"],
      tflite: ["FULLY_CONNECTED"], operation: .fullyConnected(FullyConnectedAttributes()),
      inputs: [[1, 8]], constants: [[4, 8], [4]]),
    OperatorSample(
      title: "product of two activations", onnx: ["Gemm", "MatMul", "QLinearMatMul"],
      tflite: ["BATCH_MATMUL", "FULLY_CONNECTED"],
      operation: .matrixMultiply, inputs: [[4, 4], [4, 4]]),
    OperatorSample(
      title: "batch normalization after a convolution", onnx: ["BatchNormalization"],
      operation: .batchNormalization(epsilon: 1e-5), constants: [[4], [4], [4], [4]],
      followsConvolution: true),
    OperatorSample(
      title: "batch normalization elsewhere", onnx: ["BatchNormalization"],
      operation: .batchNormalization(epsilon: 1e-5), constants: [[4], [4], [4], [4]]),
  ]

  private static let spatial: [OperatorSample] = [
    OperatorSample(
      title: "max pool", onnx: ["MaxPool", "GlobalMaxPool"],
      tflite: ["MAX_POOL_2D", "REDUCE_MAX"],
      operation: .maxPool(PoolAttributes(kernel: Extent(2), stride: Extent(2)))),
    OperatorSample(
      title: "average pool", onnx: ["AveragePool"], tflite: ["AVERAGE_POOL_2D"],
      operation: .averagePool(PoolAttributes(kernel: Extent(2), stride: Extent(2)))),
    OperatorSample(
      title: "mean", onnx: ["ReduceMean", "GlobalAveragePool"], tflite: ["MEAN"],
      operation: .mean(axes: [1, 2], keepsDimensions: true)),
    OperatorSample(
      title: "resize, nearest", onnx: ["Resize", "Upsample"], tflite: ["RESIZE_NEAREST_NEIGHBOR"],
      operation: .resize(resize(.nearest))),
    OperatorSample(
      title: "resize, bilinear", onnx: ["Resize", "Upsample"], tflite: ["RESIZE_BILINEAR"],
      operation: .resize(resize(.bilinear))),
  ]

  private static func resize(_ method: ResizeAttributes.Method) -> ResizeAttributes {
    ResizeAttributes(
      method: method, coordinates: .halfPixel,
      rounding: method == .nearest ? .roundPreferCeil : .floor, outputShape: [1, 8, 8, 4],
      scales: [1, 2, 2, 1])
  }

  private static let binary: [OperatorSample] = [
    pair("add", ["Add", "Sum", "Mean"], ["ADD"], .add(.none)),
    pair("subtract", ["Sub"], ["SUB"], .subtract(.none)),
    pair("multiply", ["Mul"], ["MUL"], .multiply(.none)),
    pair("divide", ["Div"], ["DIV"], .divide(.none)),
    OperatorSample(
      title: "divide by constants", onnx: ["Div"], tflite: ["DIV"], operation: .divide(.none),
      constants: [[4]]),
    pair("minimum", ["Min"], ["MINIMUM"], .minimum),
    pair("maximum", ["Max"], ["MAXIMUM"], .maximum),
    pair("squared difference", [], ["SQUARED_DIFFERENCE"], .squaredDifference),
    pair("power", ["Pow"], [], .power),
  ]

  private static func pair(
    _ title: String, _ onnx: [String], _ tflite: [String], _ operation: Operation
  ) -> OperatorSample {
    OperatorSample(
      title: title, onnx: onnx, tflite: tflite, operation: operation, inputs: [image, image])
  }

  private static let activations: [OperatorSample] = [
    OperatorSample(title: "ReLU", onnx: ["Relu"], tflite: ["RELU"], operation: .scalar(.relu)),
    OperatorSample(
      title: "clip", onnx: ["Clip"], tflite: ["RELU6", "RELU_N1_TO_1", "RELU_0_TO_1"],
      operation: .scalar(.clip(lower: -0.5, upper: 0.5))),
    OperatorSample(
      title: "leaky ReLU", onnx: ["LeakyRelu"], tflite: ["LEAKY_RELU"],
      operation: .scalar(.leakyRelu(alpha: 0.1))),
    OperatorSample(
      title: "hard swish", onnx: ["HardSwish"], tflite: ["HARD_SWISH"],
      operation: .scalar(.hardSwish)),
    OperatorSample(
      title: "logistic", onnx: ["Sigmoid"], tflite: ["LOGISTIC"], operation: .scalar(.logistic)),
    OperatorSample(
      title: "parametric ReLU", onnx: ["PRelu"], tflite: ["PRELU"], operation: .prelu,
      constants: [[4]]),
    OperatorSample(
      title: "hard sigmoid", onnx: ["HardSigmoid"],
      operation: .scalar(.hardSigmoid(alpha: 0.2, beta: 0.5))),
    OperatorSample(
      title: "ELU", onnx: ["Elu"], tflite: ["ELU"], operation: .scalar(.elu(alpha: 1))),
    OperatorSample(
      title: "SELU", onnx: ["Selu"], operation: .scalar(.selu(alpha: 1.67, gamma: 1.05))),
    OperatorSample(title: "tanh", onnx: ["Tanh"], tflite: ["TANH"], operation: .scalar(.tanh)),
    OperatorSample(
      title: "softmax", onnx: ["Softmax"], tflite: ["SOFTMAX"],
      operation: .softmax(axis: 1, beta: 1), inputs: [[1, 8]]),
    OperatorSample(
      title: "log-softmax", onnx: ["LogSoftmax"], tflite: ["LOG_SOFTMAX"],
      operation: .logSoftmax(axis: 1), inputs: [[1, 8]]),
    OperatorSample(
      title: "L2 normalization", tflite: ["L2_NORMALIZATION"], operation: .l2Normalization()),
    OperatorSample(
      title: "function of one number",
      onnx: unique(otherFunctions.compactMap { $0.row.onnx?.operatorName }),
      tflite: unique(otherFunctions.compactMap { $0.row.tflite?.code }.map(TFLiteReader.name))
        + ["RSQRT", "SQUARE"], operation: .scalar(.exponential)),
    OperatorSample(
      title: "quantize, dequantize", onnx: ["QuantizeLinear", "DequantizeLinear"],
      tflite: ["QUANTIZE", "DEQUANTIZE"], operation: .quantize),
  ]

  /// The functions of the table that have no row of their own.
  private static let otherFunctions: [ScalarFunction] = {
    let own: [ScalarFunction.Kind] = [
      .relu, .relu6, .clip, .leakyRelu, .hardSwish, .logistic, .hardSigmoid, .elu, .selu, .tanh,
    ]
    return ScalarFunction.all.filter { !own.contains($0.kind) }
  }()

  /// Each name once; operators may have several functions.
  private static func unique(_ names: [String]) -> [String] {
    names.indices.filter { !names[..<$0].contains(names[$0]) }.map { names[$0] }
  }

  private static let arrangement: [OperatorSample] = [
    OperatorSample(
      title: "concatenation", onnx: ["Concat"], tflite: ["CONCATENATION", "PACK", "TILE"],
      operation: .concatenation(axis: 3, activation: .none), inputs: [image, image]),
    OperatorSample(
      title: "pad with a constant", onnx: ["Pad"], tflite: ["PAD", "PADV2"],
      operation: .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: .constant(0))),
    OperatorSample(
      title: "pad by edge or reflection", onnx: ["Pad"], tflite: ["MIRROR_PAD"],
      operation: .pad(before: [0, 1, 1, 0], after: [0, 1, 1, 0], mode: .reflect)),
    OperatorSample(
      title: "reshape", onnx: ["Reshape", "Flatten", "Squeeze", "Unsqueeze"],
      tflite: ["RESHAPE", "SQUEEZE", "EXPAND_DIMS"], operation: .reshape([1, 8, 8])),
    OperatorSample(
      title: "transpose", onnx: ["Transpose"], tflite: ["TRANSPOSE"],
      operation: .transpose([0, 3, 1, 2])),
    OperatorSample(
      title: "depth to space, space to depth", onnx: ["DepthToSpace", "SpaceToDepth"],
      tflite: ["DEPTH_TO_SPACE", "SPACE_TO_DEPTH"],
      operation: .transpose([0, 2, 1, 3])),
    OperatorSample(
      title: "slice", onnx: ["Slice"], tflite: ["SLICE", "STRIDED_SLICE", "GATHER"],
      operation: .slice(begin: [0, 1, 1, 0], count: [1, 2, 2, 4], stride: [1, 1, 1, 1])),
    OperatorSample(
      title: "split", onnx: ["Split"], tflite: ["SPLIT", "SPLIT_V", "UNPACK"],
      operation: .split(axis: 3, counts: [2, 2])),
  ]

  private static let floatOnly: [OperatorSample] = [
    OperatorSample(
      title: "local response normalization", onnx: ["LRN"],
      operation: .localResponseNormalization(size: 3, alpha: 1e-4, beta: 0.75, bias: 1)),
    OperatorSample(
      title: "normalization by mean and variance, or by a norm",
      onnx: [
        "InstanceNormalization", "GroupNormalization", "LayerNormalization", "RMSNormalization",
        "MeanVarianceNormalization", "LpNormalization",
      ], operation: .divide(.none), inputs: [image, image]),
    OperatorSample(
      title: "norm of a window", onnx: ["LpPool"],
      operation: .depthwiseConvolution(ConvolutionAttributes()), constants: [[1, 3, 3, 4]]),
    OperatorSample(
      title: "norm of an image", onnx: ["GlobalLpPool"],
      operation: .reduce(.sum, axes: [1, 2], keepsDimensions: true)),
    OperatorSample(
      title: "sum", onnx: ["ReduceSum"], tflite: ["SUM"],
      operation: .reduce(.sum, axes: [1, 2], keepsDimensions: true)),
    OperatorSample(
      title: "maximum of an image", onnx: ["ReduceMax"],
      tflite: ["REDUCE_MAX", "REDUCE_MIN"],
      operation: .reduce(.maximum, axes: [1, 2], keepsDimensions: true)),
    OperatorSample(
      title: "maximum of other axes", onnx: ["ReduceMax"], tflite: ["REDUCE_MAX"],
      operation: .reduce(.maximum, axes: [3], keepsDimensions: true)),
    OperatorSample(
      title: "minimum", onnx: ["ReduceMin"], tflite: ["REDUCE_MIN"],
      operation: .reduce(.minimum, axes: [3], keepsDimensions: true)),
    OperatorSample(
      title: "norms and sums of squares", onnx: ["ReduceL1", "ReduceL2", "ReduceSumSquare"],
      operation: .reduce(.norm2, axes: [3], keepsDimensions: true)),
    OperatorSample(
      title: "other reductions", onnx: ["ReduceProd", "ReduceLogSum", "ReduceLogSumExp"],
      tflite: ["REDUCE_PROD"], operation: .reduce(.product, axes: [1, 2], keepsDimensions: true)),
    OperatorSample(
      title: "triangle of a matrix", onnx: ["Trilu"], operation: .multiply(.none),
      constants: [[4, 4]]),
    OperatorSample(
      title: "running sum", onnx: ["CumSum"], operation: .matrixMultiply,
      inputs: [[1, 4, 4]], constants: [[4, 4]]),
    OperatorSample(
      title: "position of the extreme", onnx: ["ArgMax", "ArgMin"], tflite: ["ARG_MAX", "ARG_MIN"],
      operation: .extremum(
        ExtremumAttributes(axis: 3, keepsDimensions: true, isMinimum: false, takesLast: false))),
    OperatorSample(
      title: "positions of a max pool's maxima", onnx: ["MaxPool"],
      operation: .maxPoolIndices(
        PoolAttributes(kernel: Extent(2), stride: Extent(2)), isColumnMajor: false)),
    pair(
      "comparison", ["Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual", "Not"], [],
      .compare(.less)),
    OperatorSample(
      title: "logic", onnx: ["And", "Or", "Xor"], operation: .logic(.and),
      inputs: [image, image], elementTypes: [0: .bool, 1: .bool]),
    OperatorSample(
      title: "select", onnx: ["Where"], tflite: ["SELECT", "SELECT_V2"], operation: .select,
      inputs: [image, image, image],
      elementTypes: [0: .bool]),
    OperatorSample(
      title: "cast", onnx: ["Cast", "CastLike"], operation: .cast(CastAttributes(.float16))),
    OperatorSample(title: "expand", onnx: ["Expand"], operation: .expand([2, 4, 4, 4])),
    OperatorSample(
      title: "tile", onnx: ["Tile"], tflite: ["TILE"], operation: .tile([1, 2, 2, 1])),
    OperatorSample(
      title: "gather", onnx: ["Gather"], operation: .gather(axis: 1), constants: [[2]],
      elementTypes: [1: .int64]),
  ]

  private static let resolved: [OperatorSample] = [
    OperatorSample(title: "identity", onnx: ["Identity", "Dropout"], operation: .identity),
    OperatorSample(
      title: "(known when the file is read)", onnx: ["Constant", "Shape", "Size"],
      tflite: ["SHAPE", "CAST", "FLOOR_DIV"]),
    OperatorSample(
      title: "(part of a dilated convolution)",
      tflite: ["SPACE_TO_BATCH_ND", "BATCH_TO_SPACE_ND"]),
  ]
}
