/// What a node computes, with its attributes. `x` is the input; shapes are NHWC where spatial.
///
/// Attributes are resolved: padding is explicit (never "SAME"), axes are non-negative, and shapes
/// hold no −1. The file of its name in `Operations` defines each case.
public enum Operation: Sendable, Equatable {
  // Inputs: x `[N, H, W, I]`, weights, bias `[O]` (optional).
  case convolution(ConvolutionAttributes)
  case depthwiseConvolution(ConvolutionAttributes)
  case transposedConvolution(TransposedConvolutionAttributes)
  /// x `[…, I]` seen as `[rows, I]`, weights `[O, I]`, bias `[O]` (optional).
  /// `keepsLeadingDimensions` gives `[…, O]`, otherwise `[rows, O]`.
  case fullyConnected(FullyConnectedAttributes)
  /// a `[…, M, K]` · b `[…, K, N]`, leading dimensions broadcast, 1-D operands as in NumPy.
  case matrixMultiply

  // Input: x `[N, H, W, C]`.
  case maxPool(PoolAttributes)
  case averagePool(PoolAttributes)
  /// The place of each maximum in x, counted through `[N, C, H, W]` (`[N, C, W, H]` when
  /// `isColumnMajor`), int64.
  case maxPoolIndices(PoolAttributes, isColumnMajor: Bool)

  // Inputs: a, b, broadcast as NumPy does.
  case add(Activation)
  case subtract(Activation)
  case multiply(Activation)
  case divide(Activation)
  case minimum
  case maximum
  /// (a − b)²
  case squaredDifference
  /// aᵇ
  case power
  /// Inputs: x, slope (broadcast).
  case prelu
  /// Truth values come out.
  case compare(Comparison)
  /// Truth values of two tensors of truth values, broadcast.
  case logic(Logic)

  /// A function of one number, element by element.
  case scalar(ScalarFunction)
  case identity
  /// Inputs: condition, a, b, broadcast; a where the condition holds, else b.
  case select
  case cast(CastAttributes)
  /// Along one axis: `exp(beta · x) / Σ exp(beta · x)`.
  case softmax(axis: Int, beta: Float)
  case logSoftmax(axis: Int)
  /// Over the last axis: `gain · x / √(Σ x² + epsilon)`.
  case l2Normalization(L2NormalizationAttributes = L2NormalizationAttributes())
  /// Inputs: x, gamma `[C]`, beta `[C]`, mean `[C]`, variance `[C]`; over the last axis.
  case batchNormalization(epsilon: Float)
  /// Over the last axis: `x / (bias + alpha / size · Σ x²)^beta`.
  case localResponseNormalization(size: Int, alpha: Float, beta: Float, bias: Float)

  case mean(axes: [Int], keepsDimensions: Bool)
  case reduce(Reduction, axes: [Int], keepsDimensions: Bool)
  /// The position of the extreme element along an axis, which becomes 1 or goes.
  case extremum(ExtremumAttributes)
  case concatenation(axis: Int, activation: Activation)
  /// One pair for each axis; negative amounts crop. `value` is real.
  case pad(before: [Int], after: [Int], mode: PadMode)
  case reshape([Int])
  /// `permutation[k]` is the input axis that becomes output axis k.
  case transpose([Int])
  /// `count[k]` elements from `begin[k]` on, `stride[k]` apart (negative strides walk back).
  case slice(begin: [Int], count: [Int], stride: [Int])
  /// Input: x, broadcast to a shape.
  case expand([Int])
  /// x, repeated so many times along each axis.
  case tile([Int])
  /// Inputs: x, int64 indices of any shape, which takes the place of the axis. Negative indices
  /// count from the end; what is outside is taken to the nearest end.
  case gather(axis: Int)
  /// x, cut along an axis: output k has `counts[k]` elements there.
  case split(axis: Int, counts: [Int])
  case resize(ResizeAttributes)
  /// Real to int8, or int8 to int8 of another scale; the output tensor's quantization says which.
  case quantize
  case dequantize
}

extension Operation {
  /// The definition of each case.
  var definition: any OperationDefinition {
    switch self {
    case .convolution(let attributes): ConvolutionDefinition(attributes: attributes)
    case .depthwiseConvolution(let attributes):
      DepthwiseConvolutionDefinition(attributes: attributes)
    case .transposedConvolution(let attributes):
      TransposedConvolutionDefinition(attributes: attributes)
    case .fullyConnected(let attributes): FullyConnectedDefinition(attributes: attributes)
    case .matrixMultiply: MatrixMultiplyDefinition()
    case .maxPool(let attributes): MaxPoolDefinition(attributes: attributes)
    case .averagePool(let attributes): AveragePoolDefinition(attributes: attributes)
    case .maxPoolIndices(let attributes, let isColumnMajor):
      MaxPoolIndicesDefinition(attributes: attributes, isColumnMajor: isColumnMajor)
    case .add(let activation): AddDefinition(activation: activation)
    case .subtract(let activation): SubtractDefinition(activation: activation)
    case .multiply(let activation): MultiplyDefinition(activation: activation)
    case .divide(let activation): DivideDefinition(activation: activation)
    case .minimum: MinimumDefinition()
    case .maximum: MaximumDefinition()
    case .squaredDifference: SquaredDifferenceDefinition()
    case .power: PowerDefinition()
    case .prelu: PReLUDefinition()
    case .compare(let comparison): CompareDefinition(comparison: comparison)
    case .logic(let logic): LogicDefinition(logic: logic)
    case .scalar(let function): ScalarDefinition(function: function)
    case .identity: IdentityDefinition()
    case .select: SelectDefinition()
    case .cast(let attributes): CastDefinition(attributes: attributes)
    case .softmax(let axis, let beta): SoftmaxDefinition(axis: axis, beta: beta)
    case .logSoftmax(let axis): LogSoftmaxDefinition(axis: axis)
    case .l2Normalization(let attributes): L2NormalizationDefinition(attributes: attributes)
    case .batchNormalization(let epsilon): BatchNormalizationDefinition(epsilon: epsilon)
    case .localResponseNormalization(let size, let alpha, let beta, let bias):
      LocalResponseNormalizationDefinition(size: size, alpha: alpha, beta: beta, bias: bias)
    case .mean(let axes, let keeps): MeanDefinition(axes: axes, keepsDimensions: keeps)
    case .reduce(let reduction, let axes, let keeps):
      ReduceDefinition(reduction: reduction, axes: axes, keepsDimensions: keeps)
    case .extremum(let attributes): ExtremumDefinition(attributes: attributes)
    case .concatenation(let axis, let activation):
      ConcatenationDefinition(axis: axis, activation: activation)
    case .pad(let before, let after, let mode):
      PadDefinition(before: before, after: after, mode: mode)
    case .reshape(let shape): ReshapeDefinition(shape: shape)
    case .transpose(let permutation): TransposeDefinition(permutation: permutation)
    case .slice(let begin, let count, let stride):
      SliceDefinition(begin: begin, count: count, stride: stride)
    case .expand(let shape): ExpandDefinition(shape: shape)
    case .tile(let counts): TileDefinition(counts: counts)
    case .gather(let axis): GatherDefinition(axis: axis)
    case .split(let axis, let counts): SplitDefinition(axis: axis, counts: counts)
    case .resize(let attributes): ResizeDefinition(attributes: attributes)
    case .quantize: QuantizeDefinition()
    case .dequantize: DequantizeDefinition()
    }
  }
}
