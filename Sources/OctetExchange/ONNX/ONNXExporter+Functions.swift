import OctetModel

extension Reduction {
  var onnxOperator: String {
    switch self {
    case .sum: "ReduceSum"
    case .product: "ReduceProd"
    case .maximum: "ReduceMax"
    case .minimum: "ReduceMin"
    case .sumOfSquares: "ReduceSumSquare"
    case .norm1: "ReduceL1"
    case .norm2: "ReduceL2"
    case .logarithmOfSum: "ReduceLogSum"
    case .logarithmOfSumOfExponentials: "ReduceLogSumExp"
    }
  }
}

extension MathFunction {
  /// The ONNX operators of functions without parameters, both ways.
  static let onnxNames: [(name: String, function: MathFunction)] = [
    ("Abs", .absolute), ("Neg", .negate), ("Sign", .sign), ("Floor", .floor), ("Ceil", .ceil),
    ("Round", .round), ("Reciprocal", .reciprocal), ("Sqrt", .squareRoot), ("Exp", .exponential),
    ("Log", .logarithm), ("Erf", .errorFunction), ("Sin", .sine), ("Cos", .cosine),
    ("Tan", .tangent), ("Asin", .arcsine), ("Acos", .arccosine), ("Atan", .arctangent),
    ("Sinh", .hyperbolicSine), ("Cosh", .hyperbolicCosine), ("Asinh", .inverseHyperbolicSine),
    ("Acosh", .inverseHyperbolicCosine), ("Atanh", .inverseHyperbolicTangent),
    ("Softplus", .softplus), ("Softsign", .softsign), ("Mish", .mish),
  ]

  /// The operator that a file gets; nil for those that its operator set does not have.
  var onnxOperator: (String, [(name: String, value: ONNXAttribute)])? {
    switch self {
    case .celu(let alpha): return ("Celu", [("alpha", .float(alpha))])
    case .thresholdedRelu(let alpha): return ("ThresholdedRelu", [("alpha", .float(alpha))])
    case .shrink(let bias, let threshold):
      return ("Shrink", [("bias", .float(bias)), ("lambd", .float(threshold))])
    case .mish, .gelu, .geluByTanh, .swish, .power: return nil
    default:
      let name = Self.onnxNames.first { $0.function == self }?.name
      return name.map { ($0, []) }
    }
  }
}
