import OctetModel

extension ONNXImporter {
  typealias Handler =
    @Sendable (inout ONNXImporter, ONNXNodeView) throws(ImportFailure) -> Void

  /// The operators that Octet reads, each with the function that takes a node over.
  static let handlers: [String: Handler] = [
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
    "Relu": unary { (_) throws(ImportFailure) in .relu },
    "LeakyRelu": unary { (view) throws(ImportFailure) in
      .leakyRelu(alpha: try view.float("alpha", 0.01))
    },
    "HardSwish": unary { (_) throws(ImportFailure) in .hardSwish },
    "HardSigmoid": unary { (view) throws(ImportFailure) in
      .hardSigmoid(alpha: try view.float("alpha", 0.2), beta: try view.float("beta", 0.5))
    },
    "Sigmoid": unary { (_) throws(ImportFailure) in .logistic },
    "Tanh": unary { (_) throws(ImportFailure) in .tanh },
    "Elu": unary { (view) throws(ImportFailure) in .elu(alpha: try view.float("alpha", 1)) },
    "Selu": unary { (view) throws(ImportFailure) in
      .selu(
        alpha: try view.float("alpha", 1.67326319217681884765625),
        gamma: try view.float("gamma", 1.05070102214813232421875))
    },
    "Clip": unary { (view) throws(ImportFailure) in try clip(view) },
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
    "ReduceMean": { (importer, view) throws(ImportFailure) in try importer.reduceMean(view) },
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
    "CastLike": { (importer, view) throws(ImportFailure) in try importer.castLike(view) },
    "Shape": { (importer, view) throws(ImportFailure) in try importer.shape(view) },
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

  private static func unary(
    _ operation: @escaping @Sendable (ONNXNodeView) throws(ImportFailure) -> Operation
  ) -> Handler {
    { (importer, view) throws(ImportFailure) in
      try importer.unary(view, try operation(view))
    }
  }
}
