import OctetModel

/// What Octet makes of some operators of TFLite, and what it writes for its own operations: a file
/// in `Operators`, with both directions.
protocol TFLiteDefinition: SendableMetatype {
  /// The operators that `read` takes.
  static var builtins: [TFLiteBuiltin] { get }
  /// Adds to the importer's graph what a call of one of `builtins` computes.
  static func read(_ call: TFLiteCall) throws(TFLiteRefusal)
  /// What a call gives on integers that are known when the file is read, such as shapes; nil where
  /// nobody computes shapes so.
  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]?
}

extension TFLiteDefinition {
  static func integers(
    _ call: TFLiteCall, _ operands: [[Int]]
  ) throws(TFLiteRefusal) -> [Int]? { nil }
}

/// Every definition, for reading and for writing.
enum TFLiteDefinitions {
  static let all: [any TFLiteDefinition.Type] = [
    Convolution.self, TransposedConvolution.self, FullyConnected.self, MatrixProduct.self,
    Pool.self, Resize.self, Arithmetic.self, Scalar.self, Softmax.self,
    L2Normalization.self, Quantize.self, Reduce.self, Extremum.self, Concatenation.self, Pack.self,
    Tile.self, Gather.self, Select.self, Pad.self, MirrorPad.self, Reshape.self, Transpose.self,
    SpatialBlocks.self, Slice.self, Split.self, BatchBlocks.self, ShapeArithmetic.self,
  ]

  /// The operator of a number and its definition.
  static let byCode: [Int: (builtin: TFLiteBuiltin, definition: any TFLiteDefinition.Type)] =
    Dictionary(
      uniqueKeysWithValues: all.flatMap { definition in
        definition.builtins.map { ($0.code, ($0, definition)) }
      })
}

extension TFLiteExporter {
  /// Adds what TFLite has for a node.
  func export(_ node: Node) throws(TFLiteRefusal) {
    switch node.operation {
    case .convolution(let attributes):
      Convolution.write(node, attributes, Convolution.full, self)
    case .depthwiseConvolution(let attributes):
      Convolution.write(node, attributes, Convolution.depthwise, self)
    case .transposedConvolution(let attributes):
      try TransposedConvolution.write(node, attributes, self)
    case .fullyConnected(let attributes): FullyConnected.write(node, attributes, self)
    case .matrixMultiply: try MatrixProduct.write(node, self)
    case .maxPool(let attributes): try Pool.write(node, attributes, Pool.max, self)
    case .averagePool(let attributes): try Pool.write(node, attributes, Pool.average, self)
    case .add(let activation): Arithmetic.write(node, Arithmetic.add, activation, self)
    case .subtract(let activation): Arithmetic.write(node, Arithmetic.subtract, activation, self)
    case .multiply(let activation): Arithmetic.write(node, Arithmetic.multiply, activation, self)
    case .divide(let activation): Arithmetic.write(node, Arithmetic.divide, activation, self)
    case .minimum: append(Arithmetic.minimum.builtin, node)
    case .maximum: append(Arithmetic.maximum.builtin, node)
    case .squaredDifference: append(Arithmetic.squaredDifference.builtin, node)
    case .prelu: append(Arithmetic.prelu.builtin, node)
    case .scalar(let function): try Scalar.write(node, function, self)
    case .softmax(let axis, let beta): try Softmax.write(node, axis, beta: beta, self)
    case .logSoftmax(let axis): try Softmax.write(node, axis, beta: nil, self)
    case .l2Normalization(let attributes): try L2Normalization.write(node, attributes, self)
    case .quantize: append(Quantize.quantize, node)
    case .dequantize: append(Quantize.dequantize, node)
    case .mean(let axes, let keeps): try Reduce.write(node, nil, axes, keeps, self)
    case .reduce(let reduction, let axes, let keeps):
      try Reduce.write(node, reduction, axes, keeps, self)
    case .concatenation(let axis, let activation):
      Concatenation.write(node, axis, activation, self)
    case .pad(let before, let after, let mode): try Pad.write(node, before, after, mode, self)
    case .reshape, .identity: Reshape.write(node, self)
    case .transpose(let permutation): append(Transpose.builtin, node, [permutation])
    case .slice(let begin, let count, let stride): Slice.write(node, begin, count, stride, self)
    case .split(let axis, let counts): Split.write(node, axis, counts, self)
    case .resize(let attributes): try Resize.write(node, attributes, self)
    case .maxPoolIndices, .power, .compare, .logic, .select, .cast, .batchNormalization,
      .localResponseNormalization, .extremum, .expand, .tile, .gather:
      throw .unsupported("it has no operator in TFLite that Octet writes")
    }
  }
}
