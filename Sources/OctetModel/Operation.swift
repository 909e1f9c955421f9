/// What a node computes, with its attributes. `x` is the input; shapes are NHWC where spatial.
///
/// Attributes are resolved: padding is explicit (never "SAME"), axes are non-negative, and shapes
/// hold no −1.
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

  // Inputs: a, b, broadcast as NumPy does.
  case add(Activation)
  case subtract(Activation)
  case multiply(Activation)
  case divide(Activation)
  case minimum
  case maximum
  /// (a − b)²
  case squaredDifference

  // Input: x, element by element. The same shape comes out.
  case relu
  case relu6
  case leakyRelu(alpha: Float)
  /// Inputs: x, slope (broadcast).
  case prelu
  case clip(lower: Float, upper: Float)
  case hardSwish
  /// `max(0, min(1, alpha · x + beta))`
  case hardSigmoid(alpha: Float, beta: Float)
  case logistic
  case tanh
  case elu(alpha: Float)
  case selu(alpha: Float, gamma: Float)
  case identity
  case function(MathFunction)
  /// Inputs: a, b, broadcast; aᵇ.
  case power
  /// Inputs: a, b, broadcast; truth values come out.
  case compare(Comparison)
  /// Inputs: two tensors of truth values, broadcast.
  case logic(Logic)
  /// Inputs: condition, a, b, broadcast; a where the condition holds, else b.
  case select
  case cast(CastAttributes)
  /// Along one axis: `exp(beta · x) / Σ exp(beta · x)`.
  case softmax(axis: Int, beta: Float)
  case logSoftmax(axis: Int)
  /// Over the last axis: `x / max(√Σ x², 10⁻⁶)`.
  case l2Normalization
  /// Inputs: x, gamma `[C]`, beta `[C]`, mean `[C]`, variance `[C]`; over the last axis.
  case batchNormalization(epsilon: Float)
  /// Over the last axis: `x / (bias + alpha / size · Σ x²)^beta`.
  case localResponseNormalization(size: Int, alpha: Float, beta: Float, bias: Float)

  case mean(axes: [Int], keepsDimensions: Bool)
  case reduce(Reduction, axes: [Int], keepsDimensions: Bool)
  /// The position of the extreme element along an axis, which becomes 1 or goes.
  case extremum(ExtremumAttributes)
  /// The place of each maximum in x, counted through `[N, C, H, W]` (`[N, C, W, H]` when
  /// `isColumnMajor`), int64.
  case maxPoolIndices(PoolAttributes, isColumnMajor: Bool)
  case concatenation(axis: Int, activation: Activation)
  /// One pair for each axis; negative amounts crop. `value` is real.
  case pad(before: [Int], after: [Int], mode: PadMode)
  case reshape([Int])
  /// `permutation[k]` is the input axis that becomes output axis k.
  case transpose([Int])
  /// From `begin[k]`, `count[k]` elements, `stride[k]` apart (negative strides walk back).
  case slice(begin: [Int], count: [Int], stride: [Int])
  /// Input: x, broadcast to a shape.
  case expand([Int])
  /// x, repeated so many times along each axis.
  case tile([Int])
  /// Inputs: x, int64 indices of any shape, which takes the place of the axis. Negative indices
  /// count from the end; what is outside is taken to the nearest end.
  case gather(axis: Int)
  /// As many outputs as `counts`.
  case split(axis: Int, counts: [Int])
  case resize(ResizeAttributes)
  /// Real to int8, or int8 to int8 of another scale; the output tensor's quantization says which.
  case quantize
  case dequantize
}

/// Applied to the real result of the operation it is fused into.
public enum Activation: Sendable, Equatable {
  case none
  case relu
  case relu6
  /// −1…1
  case reluN1To1
  case clip(lower: Float, upper: Float)

  /// The real range that the activation clamps to.
  public var bounds: (lower: Float, upper: Float) {
    switch self {
    case .none: (-.infinity, .infinity)
    case .relu: (0, .infinity)
    case .relu6: (0, 6)
    case .reluN1To1: (-1, 1)
    case .clip(let lower, let upper): (lower, upper)
    }
  }
}

/// Rows and columns added around an image, in elements.
public struct Padding: Sendable, Equatable, Hashable {
  public var top, left, bottom, right: Int

  public init(top: Int, left: Int, bottom: Int, right: Int) {
    self.top = top
    self.left = left
    self.bottom = bottom
    self.right = right
  }

  public init(_ all: Int = 0) { self.init(top: all, left: all, bottom: all, right: all) }
}

/// A value for each spatial axis.
public struct Extent: Sendable, Equatable, Hashable {
  public var height, width: Int

  public init(height: Int, width: Int) {
    self.height = height
    self.width = width
  }

  public init(_ both: Int) { self.init(height: both, width: both) }
}

public struct ConvolutionAttributes: Sendable, Equatable {
  public var stride = Extent(1)
  public var dilation = Extent(1)
  public var padding = Padding()
  /// Of a convolution; a depthwise convolution has as many groups as input channels and ignores it.
  public var groups = 1
  public var activation = Activation.none

  public init() {}
}

public struct TransposedConvolutionAttributes: Sendable, Equatable {
  public var stride = Extent(1)
  public var dilation = Extent(1)
  /// Cropped from the full result.
  public var padding = Padding()
  public var groups = 1
  public var activation = Activation.none
  /// Height and width of the result.
  public var outputExtent: Extent

  public init(outputExtent: Extent) { self.outputExtent = outputExtent }
}

public struct FullyConnectedAttributes: Sendable, Equatable {
  public var activation = Activation.none
  public var keepsLeadingDimensions = false

  public init() {}
}

public struct PoolAttributes: Sendable, Equatable {
  public var kernel: Extent
  public var stride: Extent
  public var dilation = Extent(1)
  public var padding = Padding()
  /// Average pool: padding counts as zeros in the divisor.
  public var countsPadding = false
  public var activation = Activation.none

  public init(kernel: Extent, stride: Extent) {
    self.kernel = kernel
    self.stride = stride
  }
}

public enum PadMode: Sendable, Equatable {
  case constant(Float)
  case reflect
  case edge
  /// The tensor repeats itself.
  case wrap
}

public struct ResizeAttributes: Sendable, Equatable {
  public enum Method: Sendable { case nearest, bilinear }
  /// How an output index maps to an input position.
  public enum Coordinates: Sendable { case asymmetric, halfPixel, alignCorners, pytorchHalfPixel }
  public enum Rounding: Sendable { case floor, ceil, roundPreferFloor, roundPreferCeil }

  public var method: Method
  public var coordinates: Coordinates
  public var rounding: Rounding
  /// The result's dimension for each axis.
  public var outputShape: [Int]
  /// Output over input for each axis; may differ from the ratio of the dimensions.
  public var scales: [Float]

  public init(
    method: Method, coordinates: Coordinates, rounding: Rounding, outputShape: [Int],
    scales: [Float]
  ) {
    self.method = method
    self.coordinates = coordinates
    self.rounding = rounding
    self.outputShape = outputShape
    self.scales = scales
  }
}

/// A function of one real number.
public enum MathFunction: Sendable, Equatable {
  case absolute, negate, sign, floor, ceil, round, reciprocal, squareRoot, exponential, logarithm
  case errorFunction, sine, cosine, tangent, arcsine, arccosine, arctangent
  case hyperbolicSine, hyperbolicCosine, inverseHyperbolicSine, inverseHyperbolicCosine
  case inverseHyperbolicTangent
  case softplus, softsign, mish, gelu, geluByTanh
  /// `x · logistic(alpha · x)`
  case swish(alpha: Float)
  /// `max(0, x) + min(0, alpha · (exp(x / alpha) − 1))`
  case celu(alpha: Float)
  /// x raised to a constant.
  case power(exponent: Float)
  /// x above alpha, else 0.
  case thresholdedRelu(alpha: Float)
  /// x moved towards 0 by `bias` where it is farther than `threshold`, else 0.
  case shrink(bias: Float, threshold: Float)
}

public enum Comparison: Sendable { case equal, less, lessOrEqual, greater, greaterOrEqual }

public enum Logic: Sendable { case and, or, exclusiveOr }

/// What becomes of the elements along the axes that a reduction takes away.
public enum Reduction: Sendable {
  case sum, product, maximum, minimum, sumOfSquares
  /// Σ |x|, √Σ x²
  case norm1, norm2
  case logarithmOfSum, logarithmOfSumOfExponentials
}

public struct ExtremumAttributes: Sendable, Equatable {
  public var axis: Int
  public var keepsDimensions: Bool
  public var isMinimum: Bool
  /// Of equal elements the last, not the first.
  public var takesLast: Bool

  public init(axis: Int, keepsDimensions: Bool, isMinimum: Bool, takesLast: Bool) {
    self.axis = axis
    self.keepsDimensions = keepsDimensions
    self.isMinimum = isMinimum
    self.takesLast = takesLast
  }
}

/// Reals become integers by truncation, integers wrap around, anything but 0 is true.
public struct CastAttributes: Sendable, Equatable {
  public var target: ElementType
  /// To floats of 8 bits: what is out of range becomes the largest number.
  public var saturates = true
  /// To `float8E8M0`.
  public var powerRounding = FloatFormat.PowerRounding.up

  public init(_ target: ElementType) { self.target = target }
}

extension Operation {
  /// The operation's name in reports, JSON and documentation, e.g. `convolution`.
  public var name: String {
    let text = "\(self)"
    return String(text.prefix { $0 != "(" })
  }
  /// The axis of the weights that runs over output channels; nil for operations without weights.
  public var weightChannelAxis: Int? {
    switch self {
    case .convolution, .transposedConvolution, .fullyConnected: 0
    case .depthwiseConvolution: 3
    default: nil
    }
  }
}
