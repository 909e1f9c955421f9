import OctetModel

extension ONNXImporter {
  typealias Handler =
    @Sendable (inout ONNXImporter, ONNXNodeView) throws(ImportFailure) -> Void

  /// The operators that Octet reads, each with the function that takes a node over.
  static let handlers: [String: Handler] =
    mainHandlers
    .merging(functionHandlers) { first, _ in first }
    .merging(comparisonHandlers) { first, _ in first }
    .merging(reductionHandlers) { first, _ in first }
    .merging(definedHandlers) { first, _ in first }

  private static let mainHandlers: [String: Handler] = [
    "Conv": { (importer, view) throws(ImportFailure) in try importer.convolution(view) },
    "ConvTranspose": { (importer, view) throws(ImportFailure) in
      try importer.transposedConvolution(view)
    },
    "MaxPool": { (importer, view) throws(ImportFailure) in try importer.pool(view) },
    "AveragePool": { (importer, view) throws(ImportFailure) in try importer.pool(view) },
    "GlobalAveragePool": { (importer, view) throws(ImportFailure) in try importer.globalPool(view)
    },
    "GlobalMaxPool": { (importer, view) throws(ImportFailure) in try importer.globalPool(view) },
    "BatchNormalization": { (importer, view) throws(ImportFailure) in
      try importer.batchNormalization(view)
    },
    "LRN": { (importer, view) throws(ImportFailure) in
      try importer.localResponseNormalization(view)
    },
    "Gemm": { (importer, view) throws(ImportFailure) in try importer.gemm(view) },
    "MatMul": { (importer, view) throws(ImportFailure) in try importer.matrixMultiply(view) },
    "Clip": { (importer, view) throws(ImportFailure) in try importer.clip(view) },
    "PRelu": { (importer, view) throws(ImportFailure) in try importer.binary(view, .prelu) },
    "Add": { (importer, view) throws(ImportFailure) in try importer.add(view) },
    "Sub": { (importer, view) throws(ImportFailure) in
      try importer.binary(view, .subtract(.none))
    },
    "Mul": { (importer, view) throws(ImportFailure) in
      try importer.binary(view, .multiply(.none))
    },
    "Div": { (importer, view) throws(ImportFailure) in try importer.binary(view, .divide(.none)) },
    "Min": { (importer, view) throws(ImportFailure) in try importer.chain(view, .minimum) },
    "Max": { (importer, view) throws(ImportFailure) in try importer.chain(view, .maximum) },
    "Sum": { (importer, view) throws(ImportFailure) in try importer.chain(view, .add(.none)) },
    "Softmax": { (importer, view) throws(ImportFailure) in try importer.softmax(view) },
    "LogSoftmax": { (importer, view) throws(ImportFailure) in try importer.softmax(view) },
    "Concat": { (importer, view) throws(ImportFailure) in try importer.concatenation(view) },
    "Flatten": { (importer, view) throws(ImportFailure) in try importer.flatten(view) },
    "Reshape": { (importer, view) throws(ImportFailure) in try importer.reshape(view) },
    "Squeeze": { (importer, view) throws(ImportFailure) in try importer.squeeze(view) },
    "Unsqueeze": { (importer, view) throws(ImportFailure) in try importer.unsqueeze(view) },
    "Transpose": { (importer, view) throws(ImportFailure) in try importer.transpose(view) },
    "Pad": { (importer, view) throws(ImportFailure) in try importer.pad(view) },
    "Slice": { (importer, view) throws(ImportFailure) in try importer.slice(view) },
    "Split": { (importer, view) throws(ImportFailure) in try importer.split(view) },
    "Resize": { (importer, view) throws(ImportFailure) in try importer.resize(view) },
    "Upsample": { (importer, view) throws(ImportFailure) in try importer.resize(view) },
    "Dropout": { (importer, view) throws(ImportFailure) in try importer.alias(view) },
    "Identity": { (importer, view) throws(ImportFailure) in try importer.alias(view) },
    "Cast": { (importer, view) throws(ImportFailure) in try importer.cast(view) },
    "CastLike": { (importer, view) throws(ImportFailure) in try importer.cast(view) },
    "Expand": { (importer, view) throws(ImportFailure) in try importer.expand(view) },
    "Tile": { (importer, view) throws(ImportFailure) in try importer.tile(view) },
    "Gather": { (importer, view) throws(ImportFailure) in try importer.gather(view) },
    "Where": { (importer, view) throws(ImportFailure) in try importer.choose(view) },
    "Not": { (importer, view) throws(ImportFailure) in try importer.not(view) },
    "ReduceMean": { (importer, view) throws(ImportFailure) in
      try importer.reduce(view) { .mean(axes: $0, keepsDimensions: $1) }
    },
    "ArgMax": { (importer, view) throws(ImportFailure) in try importer.extremum(view) },
    "ArgMin": { (importer, view) throws(ImportFailure) in try importer.extremum(view) },
    "Shape": { (importer, view) throws(ImportFailure) in try importer.shape(view) },
    "Size": { (importer, view) throws(ImportFailure) in try importer.size(view) },
    "Trilu": { (importer, view) throws(ImportFailure) in try importer.triangle(view) },
    "CumSum": { (importer, view) throws(ImportFailure) in try importer.runningSum(view) },
    "QuantizeLinear": { (importer, view) throws(ImportFailure) in
      try importer.quantizeLinear(view)
    },
    "DequantizeLinear": { (importer, view) throws(ImportFailure) in
      try importer.dequantizeLinear(view)
    },
    "QLinearConv": { (importer, view) throws(ImportFailure) in
      try importer.quantizedConvolution(view)
    },
    "QLinearMatMul": { (importer, view) throws(ImportFailure) in
      try importer.quantizedMatrixMultiply(view)
    },
    "Constant": { (_, view) throws(ImportFailure) in
      throw .unsupported("a constant of this kind is not read; store it as a tensor")
    },
  ]

  /// Scalar functions, whose attributes are their parameters.
  private static let functionHandlers: [String: Handler] = {
    var result: [String: Handler] = [:]
    for (name, functions) in ScalarFunction.byONNXOperator {
      result[name] = unary { (view) throws(ImportFailure) in .scalar(try view.function(functions)) }
    }
    return result
  }()

  private static let comparisonHandlers: [String: Handler] = {
    let operations: [String: Operation] = [
      "Equal": .compare(.equal), "Less": .compare(.less), "LessOrEqual": .compare(.lessOrEqual),
      "Greater": .compare(.greater), "GreaterOrEqual": .compare(.greaterOrEqual),
      "And": .logic(.and), "Or": .logic(.or), "Xor": .logic(.exclusiveOr), "Pow": .power,
    ]
    var result: [String: Handler] = [:]
    for (name, operation) in operations { result[name] = binary(operation) }
    return result
  }()

  private static let reductionHandlers: [String: Handler] = {
    let reductions: [String: Reduction] = [
      "ReduceSum": .sum, "ReduceProd": .product, "ReduceMax": .maximum, "ReduceMin": .minimum,
      "ReduceSumSquare": .sumOfSquares, "ReduceL1": .norm1, "ReduceL2": .norm2,
      "ReduceLogSum": .logarithmOfSum, "ReduceLogSumExp": .logarithmOfSumOfExponentials,
    ]
    var result: [String: Handler] = [:]
    for (name, reduction) in reductions { result[name] = reduce(reduction) }
    let maximum: Handler = { (importer, view) throws(ImportFailure) in
      try importer.reduceMaximum(view)
    }
    result["ReduceMax"] = maximum
    return result
  }()

  /// Operators that ONNX defines by others.
  private static let definedHandlers: [String: Handler] = [
    "InstanceNormalization": { (importer, view) throws(ImportFailure) in
      try importer.instanceNormalization(view)
    },
    "GroupNormalization": { (importer, view) throws(ImportFailure) in
      try importer.groupNormalization(view)
    },
    "LayerNormalization": { (importer, view) throws(ImportFailure) in
      try importer.layerNormalization(view)
    },
    "RMSNormalization": { (importer, view) throws(ImportFailure) in
      try importer.rootMeanSquareNormalization(view)
    },
    "MeanVarianceNormalization": { (importer, view) throws(ImportFailure) in
      try importer.meanVarianceNormalization(view)
    },
    "LpNormalization": { (importer, view) throws(ImportFailure) in
      try importer.normNormalization(view)
    },
    "LpPool": { (importer, view) throws(ImportFailure) in try importer.normPool(view) },
    "GlobalLpPool": { (importer, view) throws(ImportFailure) in
      try importer.globalNormPool(view)
    },
    "Mean": { (importer, view) throws(ImportFailure) in try importer.meanOfOperands(view) },
    "DepthToSpace": { (importer, view) throws(ImportFailure) in try importer.depthToSpace(view) },
    "SpaceToDepth": { (importer, view) throws(ImportFailure) in try importer.spaceToDepth(view) },
  ]

  private static func binary(_ operation: Operation) -> Handler {
    { (importer, view) throws(ImportFailure) in try importer.binary(view, operation) }
  }

  private static func reduce(_ reduction: Reduction) -> Handler {
    { (importer, view) throws(ImportFailure) in
      try importer.reduce(view) { .reduce(reduction, axes: $0, keepsDimensions: $1) }
    }
  }

  private static func unary(
    _ operation: @escaping @Sendable (ONNXNodeView) throws(ImportFailure) -> Operation
  ) -> Handler {
    { (importer, view) throws(ImportFailure) in
      try importer.unary(view, try operation(view))
    }
  }
}
