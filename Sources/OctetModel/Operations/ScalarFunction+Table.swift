#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension ScalarFunction {
  /// A function: what it is called here and in files, and what it computes. Importers, exporters,
  /// the float interpreter, int8 tables and the backward pass take theirs from here.
  package struct Row: Sendable {
    package var name: String
    /// Named as ONNX's attributes.
    package var parameters: [(name: String, standard: Float)] = []
    /// The operator of ONNX, and the value of its attribute `approximate` where that decides.
    package var onnx: (operatorName: String, approximate: String?)?
    /// The number of TensorFlow Lite's builtin operator, and its version that computes with int8;
    /// nil when none does.
    package var tflite: (code: Int, int8Version: Int32?)?
    /// The bounds, from the parameters, of a function that only clamps; nil for others.
    package var bounds: (@Sendable ([Float]) -> (lower: Float, upper: Float))?
    /// The result's grid in TensorFlow Lite, where it has one.
    package var grid: Quantization?
    /// The function of an integer (the second argument tells whether it is unsigned); nil where it
    /// is not defined.
    package var integer: (@Sendable (Int64, Bool) -> Int64)?
    package var value: @Sendable (Double, [Double]) -> Double
    package var derivative: @Sendable (Double, [Double]) -> Double
  }

  /// Every function. A new one is a line here, and a line in the test of its values.
  package static let table: [Row] = clamps + activations + smooth + elementary + trigonometric

  private typealias Body = @Sendable (Double, [Double]) -> Double

  private static func row(
    _ name: String, _ onnx: String? = nil, approximate: String? = nil, tflite: Int? = nil,
    int8Version: Int32? = nil, parameters: [(name: String, standard: Float)] = [],
    grid: Quantization? = nil,
    integer: (@Sendable (Int64, Bool) -> Int64)? = nil, _ value: @escaping Body,
    derivative: @escaping Body
  ) -> Row {
    Row(
      name: name, parameters: parameters, onnx: onnx.map { ($0, approximate) },
      tflite: tflite.map { ($0, int8Version) }, grid: grid, integer: integer, value: value,
      derivative: derivative)
  }

  private static func clamp(
    _ name: String, _ onnx: String? = nil, tflite: Int? = nil,
    parameters: [(name: String, standard: Float)] = [],
    integer: (@Sendable (Int64, Bool) -> Int64)? = nil,
    bounds: @escaping @Sendable ([Float]) -> (lower: Float, upper: Float)
  ) -> Row {
    let body: Body = { x, p in
      let (lower, upper) = bounds(p.map { Float($0) })
      return min(Double(upper), max(Double(lower), x))
    }
    let derivative: Body = { x, p in
      let (lower, upper) = bounds(p.map { Float($0) })
      return x > Double(lower) && x < Double(upper) ? 1 : 0
    }
    return Row(
      name: name, parameters: parameters, onnx: onnx.map { ($0, nil) },
      tflite: tflite.map { ($0, 2) }, bounds: bounds, integer: integer, value: body,
      derivative: derivative)
  }

  private static let clamps: [Row] = [
    clamp("relu", "Relu", tflite: 19, integer: { $1 ? $0 : max(0, $0) }) { _ in (0, .infinity) },
    clamp("relu6", tflite: 21) { _ in (0, 6) },
    clamp("clip", parameters: [("min", -.infinity), ("max", .infinity)]) { ($0[0], $0[1]) },
  ]

  private static let activations: [Row] = [
    row(
      "leakyRelu", "LeakyRelu", tflite: 98, int8Version: 2, parameters: [("alpha", 0.01)],
      { x, p in x < 0 ? p[0] * x : x }, derivative: { x, p in x < 0 ? p[0] : 1 }),
    row(
      "hardSwish", "HardSwish", tflite: 117, int8Version: 1,
      { x, _ in x * max(0, min(1, x / 6 + 0.5)) },
      derivative: { x, _ in x <= -3 ? 0 : x >= 3 ? 1 : x / 3 + 0.5 }),
    row(
      "hardSigmoid", "HardSigmoid", parameters: [("alpha", 0.2), ("beta", 0.5)],
      { x, p in max(0, min(1, p[0] * x + p[1])) },
      derivative: { x, p in p[0] * x + p[1] > 0 && p[0] * x + p[1] < 1 ? p[0] : 0 }),
    row(
      "logistic", "Sigmoid", tflite: 14, int8Version: 2,
      grid: Quantization(scale: 1 / 256, zeroPoint: -128),
      { x, _ in sigmoid(x) }, derivative: { x, _ in sigmoid(x) * (1 - sigmoid(x)) }),
    row(
      "tanh", "Tanh", tflite: 28, int8Version: 2, grid: Quantization(scale: 1 / 128, zeroPoint: 0),
      { x, _ in hyperbolicTangent(x) },
      derivative: { x, _ in 1 - hyperbolicTangent(x) * hyperbolicTangent(x) }),
    row(
      "elu", "Elu", tflite: 111, int8Version: 1, parameters: [("alpha", 1)],
      { x, p in x < 0 ? p[0] * expm1(x) : x }, derivative: { x, p in x < 0 ? p[0] * exp(x) : 1 }),
    row(
      "selu", "Selu",
      parameters: [
        ("alpha", 1.67326319217681884765625), ("gamma", 1.05070102214813232421875),
      ], { x, p in p[1] * (x <= 0 ? p[0] * expm1(x) : x) },
      derivative: { x, p in p[1] * (x <= 0 ? p[0] * exp(x) : 1) }),
    row(
      "celu", "Celu", parameters: [("alpha", 1)],
      { x, p in max(0, x) + min(0, p[0] * expm1(x / p[0])) },
      derivative: { x, p in x < 0 ? exp(x / p[0]) : 1 }),
    row(
      "thresholdedRelu", "ThresholdedRelu", parameters: [("alpha", 1)],
      { x, p in x > p[0] ? x : 0 }, derivative: { x, p in x > p[0] ? 1 : 0 }),
    row(
      "shrink", "Shrink", parameters: [("bias", 0), ("lambd", 0.5)],
      { x, p in x < -p[1] ? x + p[0] : x > p[1] ? x - p[0] : 0 },
      derivative: { x, p in abs(x) > p[1] ? 1 : 0 }),
  ]

  private static let smooth: [Row] = [
    row(
      "softplus", "Softplus", { x, _ in logisticIntegral(x) },
      derivative: { x, _ in sigmoid(x) }),
    row(
      "softsign", "Softsign", { x, _ in x / (1 + abs(x)) },
      derivative: { x, _ in 1 / ((1 + abs(x)) * (1 + abs(x))) }),
    row(
      "mish", "Mish", { x, _ in x * hyperbolicTangent(logisticIntegral(x)) },
      derivative: { x, _ in
        let t = hyperbolicTangent(logisticIntegral(x))
        return t + x * (1 - t * t) * sigmoid(x)
      }),
    row(
      "gelu", "Gelu", approximate: "none", tflite: 150, int8Version: 2,
      { x, _ in 0.5 * x * (1 + erf(x * 0.5.squareRoot())) },
      derivative: { x, _ in
        0.5 * (1 + erf(x * 0.5.squareRoot())) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
      }),
    row(
      "geluByTanh", "Gelu", approximate: "tanh", tflite: 150, int8Version: 2,
      { x, _ in 0.5 * x * (1 + hyperbolicTangent(geluArgument(x))) },
      derivative: { x, _ in
        let t = hyperbolicTangent(geluArgument(x))
        let slope = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
        return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * slope
      }),
    row(
      "swish", "Swish", parameters: [("alpha", 1)], { x, p in x * sigmoid(p[0] * x) },
      derivative: { x, p in
        let gate = sigmoid(p[0] * x)
        return gate + p[0] * x * gate * (1 - gate)
      }),
  ]

  private static let elementary: [Row] = [
    row(
      "absolute", "Abs", tflite: 101, int8Version: 2, integer: { $1 || $0 >= 0 ? $0 : 0 &- $0 },
      { x, _ in abs(x) }, derivative: { x, _ in x < 0 ? -1 : 1 }),
    row(
      "negate", "Neg", tflite: 59, integer: { x, _ in 0 &- x }, { x, _ in -x },
      derivative: { _, _ in -1 }),
    row(
      "sign", "Sign", tflite: 158, integer: { $1 ? ($0 == 0 ? 0 : 1) : $0.signum() },
      { x, _ in x > 0 ? 1 : x < 0 ? -1 : x }, derivative: { _, _ in 0 }),
    row("floor", "Floor", tflite: 8, { x, _ in x.rounded(.down) }, derivative: { _, _ in 0 }),
    row("ceil", "Ceil", tflite: 104, { x, _ in x.rounded(.up) }, derivative: { _, _ in 0 }),
    row(
      "round", "Round", tflite: 116, { x, _ in x.rounded(.toNearestOrEven) },
      derivative: { _, _ in 0 }),
    row("reciprocal", "Reciprocal", { x, _ in 1 / x }, derivative: { x, _ in -1 / (x * x) }),
    row(
      "squareRoot", "Sqrt", tflite: 75, { x, _ in x.squareRoot() },
      derivative: { x, _ in 0.5 / x.squareRoot() }),
    row(
      "exponential", "Exp", tflite: 47, int8Version: 2, { x, _ in exp(x) },
      derivative: { x, _ in exp(x) }),
    row(
      "logarithm", "Log", tflite: 73, int8Version: 2, { x, _ in log(x) },
      derivative: { x, _ in 1 / x }),
    row(
      "errorFunction", "Erf", { x, _ in erf(x) },
      derivative: { x, _ in 2 / Double.pi.squareRoot() * exp(-x * x) }),
    // x raised to a constant, which ONNX writes as a second operand.
    row(
      "power", parameters: [("exponent", 1)], { x, p in pow(x, p[0]) },
      derivative: { x, p in p[0] * pow(x, p[0] - 1) }),
  ]

  private static let trigonometric: [Row] = [
    row("sine", "Sin", tflite: 66, { x, _ in sin(x) }, derivative: { x, _ in cos(x) }),
    row("cosine", "Cos", tflite: 108, { x, _ in cos(x) }, derivative: { x, _ in -sin(x) }),
    row("tangent", "Tan", { x, _ in tan(x) }, derivative: { x, _ in 1 / (cos(x) * cos(x)) }),
    row(
      "arcsine", "Asin", { x, _ in asin(x) }, derivative: { x, _ in 1 / (1 - x * x).squareRoot() }),
    row(
      "arccosine", "Acos", { x, _ in acos(x) },
      derivative: { x, _ in -1 / (1 - x * x).squareRoot() }),
    row("arctangent", "Atan", { x, _ in atan(x) }, derivative: { x, _ in 1 / (1 + x * x) }),
    row("hyperbolicSine", "Sinh", { x, _ in sinh(x) }, derivative: { x, _ in cosh(x) }),
    row("hyperbolicCosine", "Cosh", { x, _ in cosh(x) }, derivative: { x, _ in sinh(x) }),
    row(
      "inverseHyperbolicSine", "Asinh", { x, _ in asinh(x) },
      derivative: { x, _ in 1 / (x * x + 1).squareRoot() }),
    row(
      "inverseHyperbolicCosine", "Acosh", { x, _ in acosh(x) },
      derivative: { x, _ in 1 / (x * x - 1).squareRoot() }),
    row(
      "inverseHyperbolicTangent", "Atanh", { x, _ in atanh(x) },
      derivative: { x, _ in 1 / (1 - x * x) }),
  ]
}

// Named apart from the members above, which would be found first.

private func sigmoid(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

private func hyperbolicTangent(_ x: Double) -> Double { tanh(x) }

/// `log(1 + exp(x))`, without overflow.
private func logisticIntegral(_ x: Double) -> Double { max(x, 0) + log1p(exp(-abs(x))) }

private func geluArgument(_ x: Double) -> Double {
  (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
}
