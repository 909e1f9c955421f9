/// A function of one real number with its parameters: a row of `ScalarFunction.table`.
public struct ScalarFunction: Sendable, Equatable {
  /// Which function, whatever its parameters.
  public struct Kind: Sendable, Hashable {
    fileprivate let row: Int

    fileprivate init(row: Int) { self.row = row }

    /// - Precondition: a row of the table has the name.
    fileprivate init(_ name: String) {
      guard let row = ScalarFunction.table.firstIndex(where: { $0.name == name }) else {
        preconditionFailure("no scalar function is named \(name)")
      }
      self.row = row
    }
  }

  /// Which function.
  public let kind: Kind
  /// The function's parameters, in the order of its row's `parameters`.
  public let parameters: [Float]

  /// The function of a row; parameters that are not given have their standard values.
  public init(_ kind: Kind, parameters: [Float] = []) {
    let standard = ScalarFunction.table[kind.row].parameters.map(\.standard)
    self.kind = kind
    self.parameters = parameters + standard.dropFirst(parameters.count)
  }

  /// Every function, with its standard parameters.
  public static var all: [ScalarFunction] {
    table.indices.map { ScalarFunction(Kind(row: $0)) }
  }

  package var row: Row { Self.table[kind.row] }

  /// The name in reports and JSON, e.g. `hardSwish`.
  public var name: String { row.name }

  package func value(_ x: Double) -> Double { row.value(x, parameters.map { Double($0) }) }

  /// The derivative; that from the right, or 0, where there is none.
  package func derivative(_ x: Double) -> Double {
    row.derivative(x, parameters.map { Double($0) })
  }

  /// The bounds of a function that does nothing but clamp; nil for others.
  package var bounds: (lower: Float, upper: Float)? { row.bounds?(parameters) }
}

// Functions that passes, kernels of TensorFlow Lite or importers single out.

extension ScalarFunction.Kind {
  package static let relu = Self("relu")
  package static let relu6 = Self("relu6")
  package static let clip = Self("clip")
  package static let leakyRelu = Self("leakyRelu")
  package static let hardSwish = Self("hardSwish")
  package static let hardSigmoid = Self("hardSigmoid")
  package static let logistic = Self("logistic")
  package static let tanh = Self("tanh")
  package static let elu = Self("elu")
  package static let selu = Self("selu")
  package static let absolute = Self("absolute")
  package static let negate = Self("negate")
  package static let sign = Self("sign")
  package static let floor = Self("floor")
  package static let round = Self("round")
  package static let reciprocal = Self("reciprocal")
  package static let squareRoot = Self("squareRoot")
  package static let exponential = Self("exponential")
  package static let logarithm = Self("logarithm")
  package static let softplus = Self("softplus")
  package static let softsign = Self("softsign")
  package static let celu = Self("celu")
  package static let shrink = Self("shrink")
  package static let errorFunction = Self("errorFunction")
  package static let mish = Self("mish")
  package static let gelu = Self("gelu")
  package static let geluByTanh = Self("geluByTanh")
  package static let swish = Self("swish")
  package static let power = Self("power")
  package static let thresholdedRelu = Self("thresholdedRelu")
}

extension ScalarFunction {
  /// max(0, x)
  public static let relu = Self(.relu)
  /// min(6, max(0, x))
  public static let relu6 = Self(.relu6)
  /// x · clamp(x/6 + ½, 0…1)
  public static let hardSwish = Self(.hardSwish)
  /// 1 / (1 + e⁻ˣ)
  public static let logistic = Self(.logistic)
  /// The hyperbolic tangent.
  public static let tanh = Self(.tanh)
  /// |x|
  public static let absolute = Self(.absolute)
  /// −x
  public static let negate = Self(.negate)
  /// −1, 0 or 1
  public static let sign = Self(.sign)
  /// The largest whole number that is at most x.
  public static let floor = Self(.floor)
  /// The nearest whole number; of two the even one.
  public static let round = Self(.round)
  /// 1 / x
  public static let reciprocal = Self(.reciprocal)
  /// √x
  public static let squareRoot = Self(.squareRoot)
  /// eˣ
  public static let exponential = Self(.exponential)
  /// The natural logarithm.
  public static let logarithm = Self(.logarithm)
  /// ln(1 + eˣ)
  public static let softplus = Self(.softplus)
  /// x / (1 + |x|)
  public static let softsign = Self(.softsign)
  /// 2/√π · ∫₀ˣ exp(−t²) dt
  public static let errorFunction = Self(.errorFunction)
  /// x · tanh(ln(1 + eˣ))
  public static let mish = Self(.mish)
  /// x times the normal distribution at x.
  public static let gelu = Self(.gelu)
  /// The same with tanh in place of the error function.
  public static let geluByTanh = Self(.geluByTanh)

  /// min(upper, max(lower, x))
  public static func clip(lower: Float, upper: Float) -> Self {
    Self(.clip, parameters: [lower, upper])
  }
  /// x, or alpha · x below 0
  public static func leakyRelu(alpha: Float) -> Self { Self(.leakyRelu, parameters: [alpha]) }
  /// clamp(alpha · x + beta, 0…1)
  public static func hardSigmoid(alpha: Float, beta: Float) -> Self {
    Self(.hardSigmoid, parameters: [alpha, beta])
  }
  /// x, or alpha · (eˣ − 1) below 0
  public static func elu(alpha: Float) -> Self { Self(.elu, parameters: [alpha]) }
  /// gamma · x, or gamma · alpha · (eˣ − 1) below 0
  public static func selu(alpha: Float, gamma: Float) -> Self {
    Self(.selu, parameters: [alpha, gamma])
  }
  /// x, or alpha · (e^(x/alpha) − 1) below 0
  public static func celu(alpha: Float) -> Self { Self(.celu, parameters: [alpha]) }
  /// x nearer to 0 by bias, and 0 where |x| ≤ threshold
  public static func shrink(bias: Float, threshold: Float) -> Self {
    Self(.shrink, parameters: [bias, threshold])
  }
  /// x / (1 + e^(−alpha·x))
  public static func swish(alpha: Float) -> Self { Self(.swish, parameters: [alpha]) }
  /// x to the power of exponent
  public static func power(exponent: Float) -> Self { Self(.power, parameters: [exponent]) }
  /// x above alpha, else 0
  public static func thresholdedRelu(alpha: Float) -> Self {
    Self(.thresholdedRelu, parameters: [alpha])
  }
}

/// The operation that applies a scalar function to every element.
struct ScalarDefinition: OperationDefinition {
  let function: ScalarFunction

  var name: String { function.name }
  var inputCount: ClosedRange<Int> { 1...1 }

  var traits: OperationTraits {
    OperationTraits(
      isElementwise: true, grid: function.row.grid.map { .prescribed($0) } ?? .own)
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] { [inputs[0]] }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    function.row.integer == nil ? try inputs.reals() : try inputs.alike()
  }

  func step(_ context: StepContext) -> InterpreterStep {
    if context.x.isInteger, let body = function.row.integer {
      let isUnsigned = context.x.elementType == .uint64
      return context.integerMap { body($0, isUnsigned) }
    }
    let (x, y, count) = (context.x, context.y, context.y.count)
    if let (lower, upper) = function.bounds {
      return {
        for index in 0..<count { unsafe y.base[index] = min(upper, max(lower, x.base[index])) }
      }
    }
    let (body, parameters) = (function.row.value, function.parameters.map { Double($0) })
    return {
      for index in 0..<count {
        unsafe y.base[index] = Float(body(Double(x.base[index]), parameters))
      }
    }
  }
}
