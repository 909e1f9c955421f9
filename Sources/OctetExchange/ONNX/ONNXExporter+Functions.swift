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

extension Comparison {
  var onnxOperator: String {
    switch self {
    case .equal: "Equal"
    case .less: "Less"
    case .lessOrEqual: "LessOrEqual"
    case .greater: "Greater"
    case .greaterOrEqual: "GreaterOrEqual"
    }
  }
}

extension Logic {
  var onnxOperator: String {
    switch self {
    case .and: "And"
    case .or: "Or"
    case .exclusiveOr: "Xor"
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

  /// The operator that a file gets; nil for those that its operator set does not have, which
  /// `exportComposed` writes.
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

/// Functions that the operator set of the file has not, written as what they are made of.
extension ONNXExporter {
  /// False when the function has an operator of its own.
  mutating func exportComposed(_ node: Node, _ function: MathFunction) -> Bool {
    let layout = layout(of: node.inputs[0])
    switch function {
    case .mish, .gelu, .geluByTanh, .swish, .power: break
    default: return false
    }
    let x = value(node.inputs[0], layout)
    switch function {
    case .mish:
      let logarithm = step("Softplus", node, [x])
      finish("Mul", node, [x, step("Tanh", node, [logarithm])], layout)
    case .swish(let alpha):
      let scaled = alpha == 1 ? x : step("Mul", node, [x, scalar(alpha, node)])
      finish("Mul", node, [x, step("Sigmoid", node, [scaled])], layout)
    case .power(let exponent): finish("Pow", node, [x, scalar(exponent, node)], layout)
    case .gelu:
      let scaled = step("Mul", node, [x, scalar(Float(0.5).squareRoot(), node)])
      gate(node, x, step("Erf", node, [scaled]), layout)
    default:
      // √(2/π) · (x + 0.044715 x³)
      let square = step("Mul", node, [x, x])
      let cubic = step("Mul", node, [square, scalar(0.044715, node)])
      let factor = step("Add", node, [cubic, scalar(1, node)])
      let sum = step("Mul", node, [factor, x])
      let scaled = step("Mul", node, [sum, scalar(Float(2 / Double.pi).squareRoot(), node)])
      gate(node, x, step("Tanh", node, [scaled]), layout)
    }
    return true
  }

  /// ½ · x · (1 + y)
  private mutating func gate(_ node: Node, _ x: String, _ y: String, _ layout: ONNXLayout) {
    let open = step("Add", node, [y, scalar(1, node)])
    let product = step("Mul", node, [x, open])
    finish("Mul", node, [product, scalar(0.5, node)], layout)
  }

  private mutating func scalar(_ number: Float, _ node: Node) -> String {
    initializer(node.name + "/constant", ONNXValue(shape: [], reals: [number]))
  }

  private mutating func step(_ operatorName: String, _ node: Node, _ inputs: [String]) -> String {
    let result = freshValue("\(node.name)/\(operatorName)")
    addNode(operatorName, freshNode(result), inputs, [result])
    return result
  }

  private mutating func finish(
    _ operatorName: String, _ node: Node, _ inputs: [String], _ layout: ONNXLayout
  ) {
    addNode(operatorName, node.name, inputs, [make(node.outputs[0], layout)])
  }
}
