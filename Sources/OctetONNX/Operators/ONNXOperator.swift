import OctetModel

/// What Octet knows of an operator of ONNX, or of several that differ by a function or an
/// attribute: one file of this folder, with what the exporter writes for the operation beside it.
///
/// Operators come in the form that the newest operator set gives them; `RareONNX` brings others
/// into it first.
struct ONNXOperator: Sendable {
  /// Adds to the graph what a node stands for.
  typealias Read = @Sendable (inout ONNXImporter, ONNXNodeView) throws(ImportFailure) -> Void
  /// A node's outputs, in order, when all its inputs are known.
  typealias Evaluate = @Sendable (ONNXCall) throws(ImportFailure) -> [ONNXValue]

  /// Where an image's channels stand best.
  enum Channels: Sendable {
    /// Last, of the first input; graph inputs that come here are taken so from the start.
    case last
    /// Where they are: of all inputs as of the outputs.
    case kept
    /// Where the file has them.
    case asInFile
  }

  let names: [String]
  let channels: Channels
  /// nil: graphs have no such operation; the operator is computed where its inputs are constants.
  let read: Read?
  /// A computation that shares nothing with `read`; nil: the node by itself, see `ONNXCall`.
  let evaluate: Evaluate?

  init(
    _ names: String..., channels: Channels = .asInFile, read: Read? = nil,
    evaluate: Evaluate? = nil
  ) {
    self.names = names
    self.channels = channels
    self.read = read
    self.evaluate = evaluate
  }

  /// Every definition.
  static let all = single + functions + broadcasting + variadic + reductions

  private static let single: [ONNXOperator] = [
    .add, .batchNormalization, .cast, .clip, .concatenation, .constant, .constantOfShape,
    .convolution, .depthToSpace, .dequantizeLinear, .dropout, .expand, .extremum, .flatten,
    .gather, .gemm, .globalNormPool, .globalPool, .groupNormalization, .identity,
    .instanceNormalization, .isNotFinite, .layerNormalization, .localResponseNormalization,
    .matrixMultiply, .mean, .meanVarianceNormalization, .normNormalization, .normPool, .not, .pad,
    .pool, .quantizeLinear, .range, .reduceMaximum, .reduceMean, .remainder, .reshape, .resize,
    .rootMeanSquareNormalization, .runningSum, .select, .shape, .size, .slice, .softmax,
    .spaceToDepth, .split, .squeeze, .tile, .transpose, .transposedConvolution, .triangle,
    .unsqueeze,
  ]

  static let byName: [String: ONNXOperator] = Dictionary(
    uniqueKeysWithValues: all.flatMap { definition in
      definition.names.map { ($0, definition) }
    })
}
