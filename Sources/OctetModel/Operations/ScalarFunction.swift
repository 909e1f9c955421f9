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

  public let kind: Kind
  /// In the order of the row's `parameters`.
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
  public static let relu = Self("relu")
  public static let relu6 = Self("relu6")
  public static let clip = Self("clip")
  public static let leakyRelu = Self("leakyRelu")
  public static let hardSwish = Self("hardSwish")
  public static let hardSigmoid = Self("hardSigmoid")
  public static let logistic = Self("logistic")
  public static let tanh = Self("tanh")
  public static let elu = Self("elu")
  public static let selu = Self("selu")
  public static let absolute = Self("absolute")
  public static let negate = Self("negate")
  public static let sign = Self("sign")
  public static let floor = Self("floor")
  public static let round = Self("round")
  public static let reciprocal = Self("reciprocal")
  public static let squareRoot = Self("squareRoot")
  public static let exponential = Self("exponential")
  public static let logarithm = Self("logarithm")
  public static let softplus = Self("softplus")
  public static let softsign = Self("softsign")
  public static let celu = Self("celu")
  public static let shrink = Self("shrink")
  public static let errorFunction = Self("errorFunction")
  public static let mish = Self("mish")
  public static let gelu = Self("gelu")
  public static let geluByTanh = Self("geluByTanh")
  public static let swish = Self("swish")
  public static let power = Self("power")
  public static let thresholdedRelu = Self("thresholdedRelu")
}

extension ScalarFunction {
  public static let relu = Self(.relu)
  public static let relu6 = Self(.relu6)
  public static let hardSwish = Self(.hardSwish)
  public static let logistic = Self(.logistic)
  public static let tanh = Self(.tanh)
  public static let absolute = Self(.absolute)
  public static let negate = Self(.negate)
  public static let sign = Self(.sign)
  public static let floor = Self(.floor)
  public static let round = Self(.round)
  public static let reciprocal = Self(.reciprocal)
  public static let squareRoot = Self(.squareRoot)
  public static let exponential = Self(.exponential)
  public static let logarithm = Self(.logarithm)
  public static let softplus = Self(.softplus)
  public static let softsign = Self(.softsign)
  public static let errorFunction = Self(.errorFunction)
  public static let mish = Self(.mish)
  public static let gelu = Self(.gelu)
  public static let geluByTanh = Self(.geluByTanh)

  public static func clip(lower: Float, upper: Float) -> Self {
    Self(.clip, parameters: [lower, upper])
  }
  public static func leakyRelu(alpha: Float) -> Self { Self(.leakyRelu, parameters: [alpha]) }
  public static func hardSigmoid(alpha: Float, beta: Float) -> Self {
    Self(.hardSigmoid, parameters: [alpha, beta])
  }
  public static func elu(alpha: Float) -> Self { Self(.elu, parameters: [alpha]) }
  public static func selu(alpha: Float, gamma: Float) -> Self {
    Self(.selu, parameters: [alpha, gamma])
  }
  public static func celu(alpha: Float) -> Self { Self(.celu, parameters: [alpha]) }
  public static func shrink(bias: Float, threshold: Float) -> Self {
    Self(.shrink, parameters: [bias, threshold])
  }
  public static func swish(alpha: Float) -> Self { Self(.swish, parameters: [alpha]) }
  public static func power(exponent: Float) -> Self { Self(.power, parameters: [exponent]) }
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
