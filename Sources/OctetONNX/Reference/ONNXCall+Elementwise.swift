import Foundation
import OctetModel

extension ONNXCall {
  /// Operators that work element by element, else nil.
  func elementwise() throws(ImportFailure) -> ONNXValue? {
    if let function = try unaryFunction() {
      let x = try input(0)
      return try map(x, function)
    }
    switch view.operatorName {
    case "Identity": return try input(0)
    case "Dropout" where try view.isOldTraining,
      "BatchNormalization" where try view.isOldTraining:
      throw .unsupported("it is in training mode")
    case "Dropout":
      guard optional(2)?.reals ?? [0] == [0] else { throw .unsupported("it is in training mode") }
      return try input(0)
    case "Add", "Sub", "Mul", "Div", "PRelu", "Pow", "And", "Or", "Xor":
      return try binary(try input(0), try secondOperand())
    case "Min", "Max", "Sum":
      var result = try input(0)
      for index in arguments.indices.dropFirst() { result = try binary(result, try input(index)) }
      return result
    case "Equal", "Less", "LessOrEqual", "Greater", "GreaterOrEqual": return try compare()
    case "Mod": return try remainder()
    case "IsNaN", "IsInf": return try isNotFinite()
    case "Where": return try choose()
    case "Clip": return try clip()
    case "Cast": return try cast(to: try view.castTarget())
    case "CastLike": return try cast(to: try input(1).elementType)
    case "BatchNormalization" where try view.integer("training_mode") != 0:
      throw .unsupported("it is in training mode")
    case "BatchNormalization": return try batchNormalization()
    case "LRN": return try localResponseNormalization()
    default: return nil
    }
  }

  private func map(_ x: ONNXValue, _ body: (Double) -> Double) throws(ImportFailure) -> ONNXValue {
    _ = try count(x.shape)
    var result = x
    switch x.elements {
    case .real(let values):
      result.elements = .real(values.map { Float(body(Double($0))) })
      return result.narrowed(to: x.elementType)
    case .integer(let values):
      result.elements = .integer(
        values.map { x.elementType.wrapped(Int64(clamping: body(Double($0)))) })
      return result
    }
  }

  private func unaryFunction() throws(ImportFailure) -> ((Double) -> Double)? {
    func number(_ name: String, _ standard: Double) throws(ImportFailure) -> Double {
      view.has(name) ? Double(try view.float(name)) : standard
    }
    switch view.operatorName {
    case "Relu": return { max(0, $0) }
    case "LeakyRelu":
      let alpha = try number("alpha", 0.01)
      return { $0 < 0 ? alpha * $0 : $0 }
    case "HardSwish": return { $0 * max(0, min(1, $0 / 6 + 0.5)) }
    case "HardSigmoid":
      let (alpha, beta) = (try number("alpha", 0.2), try number("beta", 0.5))
      return { max(0, min(1, alpha * $0 + beta)) }
    case "Sigmoid": return { 1 / (1 + exp(-$0)) }
    case "Elu":
      let alpha = try number("alpha", 1)
      return { $0 < 0 ? alpha * (exp($0) - 1) : $0 }
    case "Selu":
      let alpha = try number("alpha", 1.67326319217681884765625)
      let gamma = try number("gamma", 1.05070102214813232421875)
      return { gamma * ($0 <= 0 ? alpha * (exp($0) - 1) : $0) }
    case "Celu":
      let alpha = try number("alpha", 1)
      return { max(0, $0) + min(0, alpha * (exp($0 / alpha) - 1)) }
    case "ThresholdedRelu":
      let alpha = try number("alpha", 1)
      return { $0 > alpha ? $0 : 0 }
    case "Shrink":
      let (bias, lambda) = (try number("bias", 0), try number("lambd", 0.5))
      return { $0 < -lambda ? $0 + bias : $0 > lambda ? $0 - bias : 0 }
    case "Swish":
      let alpha = try number("alpha", 1)
      return { $0 / (1 + exp(-alpha * $0)) }
    case "Gelu" where try view.string("approximate", "none") == "tanh":
      return { 0.5 * $0 * (1 + tanh((2 / Double.pi).squareRoot() * ($0 + 0.044715 * pow($0, 3)))) }
    default: return Self.functions[view.operatorName]
    }
  }

  /// Functions without parameters.
  private static let functions: [String: @Sendable (Double) -> Double] = [
    "Tanh": { tanh($0) }, "Exp": { exp($0) }, "Log": { log($0) }, "Sqrt": { $0.squareRoot() },
    "Abs": { abs($0) }, "Neg": { -$0 }, "Floor": { $0.rounded(.down) },
    "Ceil": { $0.rounded(.up) }, "Round": { $0.rounded(.toNearestOrEven) },
    "Sign": { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }, "Reciprocal": { 1 / $0 },
    "Not": { $0 == 0 ? 1 : 0 }, "Erf": { erf($0) },
    "Gelu": { 0.5 * $0 * (1 + erf($0 / 2.0.squareRoot())) },
    "Softplus": { log(1 + exp(-abs($0))) + max($0, 0) }, "Softsign": { $0 / (1 + abs($0)) },
    "Mish": { $0 * tanh(log(1 + exp(-abs($0))) + max($0, 0)) },
    "Sin": { sin($0) }, "Cos": { cos($0) }, "Tan": { tan($0) }, "Asin": { asin($0) },
    "Acos": { acos($0) }, "Atan": { atan($0) }, "Sinh": { sinh($0) }, "Cosh": { cosh($0) },
    "Asinh": { asinh($0) }, "Acosh": { acosh($0) }, "Atanh": { atanh($0) },
  ]

  /// Integers stay integers.
  private func clip() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let isOld = view.version < 11
    if let values = x.integers, !isOld {
      _ = try count(x.shape)
      let lower = optional(1)?.integers?.first
      let upper = optional(2)?.integers?.first
      let isUnsigned = x.elementType == .uint64
      func isLess(_ a: Int64, _ b: Int64) -> Bool {
        isUnsigned ? UInt64(bitPattern: a) < UInt64(bitPattern: b) : a < b
      }
      let clipped = values.map { value -> Int64 in
        let raised = lower.map { isLess(value, $0) ? $0 : value } ?? value
        return upper.map { isLess($0, raised) ? $0 : raised } ?? raised
      }
      return ONNXValue(shape: x.shape, integers: clipped, elementType: x.elementType)
    }
    let lower = isOld ? (view.has("min") ? try view.float("min") : nil) : optional(1)?.reals.first
    let upper = isOld ? (view.has("max") ? try view.float("max") : nil) : optional(2)?.reals.first
    return try map(x) {
      min(Double(upper ?? .infinity), max(Double(lower ?? -.infinity), $0))
    }
  }

  /// B with the dimensions that it lacks. Before operator set 7 attributes say where B begins in A.
  private func secondOperand() throws(ImportFailure) -> ONNXValue {
    let (a, b) = (try input(0), try input(1))
    if view.version >= 7 || a.shape == b.shape { return b }
    let missing = a.shape.count - b.shape.count
    var first = missing
    if view.operatorName == "PRelu" {
      first = b.shape.count == 1 && b.count != 1 ? 1 : missing
    } else if try view.integer("broadcast") == 0 {
      throw .invalid("\(a.shape) and \(b.shape) differ, and broadcast is not set")
    } else if view.has("axis") {
      let axis = try view.integer("axis")
      first = axis == -1 ? missing : axis < 0 ? axis + a.shape.count : axis
    }
    guard missing >= 0, (0...missing).contains(first) else {
      throw .invalid("\(b.shape) does not lie in \(a.shape) from axis \(first)")
    }
    return b.reshaped(b.shape + [Int](repeating: 1, count: missing - first))
  }

  func broadcast(_ a: [Int], _ b: [Int]) throws(ImportFailure) -> [Int] {
    var result: [Int] = []
    for axis in 1...max(a.count, b.count, 1) {
      if axis > max(a.count, b.count) { break }
      let x = axis <= a.count ? a[a.count - axis] : 1
      let y = axis <= b.count ? b[b.count - axis] : 1
      guard x == y || x == 1 || y == 1 else { throw .invalid("\(a) and \(b) do not fit") }
      result.insert(x == 1 ? y : x, at: 0)
    }
    return result
  }

  private func binary(_ a: ONNXValue, _ b: ONNXValue) throws(ImportFailure) -> ONNXValue {
    let shape = try broadcast(a.shape, b.shape)
    _ = try count(shape)
    if let x = a.integers, let y = b.integers { return try integerBinary(a, b, x, y, shape) }
    let (x, y) = (a.reals, b.reals)
    let body: (Float, Float) -> Float
    switch view.operatorName {
    case "Add", "Sum": body = { $0 + $1 }
    case "Sub": body = { $0 - $1 }
    case "Mul": body = { $0 * $1 }
    case "Div": body = { $0 / $1 }
    case "Min": body = { min($0, $1) }
    case "Max": body = { max($0, $1) }
    case "Pow": body = { powf($0, $1) }
    default: body = { $0 < 0 ? $0 * $1 : $0 }
    }
    return try real(shape) { body(x[a.broadcastOffset($0)], y[b.broadcastOffset($0)]) }
  }

  /// Integers wrap around in their type; division truncates.
  private func integerBinary(
    _ a: ONNXValue, _ b: ONNXValue, _ x: [Int64], _ y: [Int64], _ shape: [Int]
  ) throws(ImportFailure) -> ONNXValue {
    let isUnsigned = a.elementType == .uint64
    if view.operatorName == "Div", y.contains(0) { throw .invalid("it divides by zero") }
    let body: (Int64, Int64) -> Int64
    switch view.operatorName {
    case "Add", "Sum": body = { $0 &+ $1 }
    case "Sub": body = { $0 &- $1 }
    case "Mul": body = { $0 &* $1 }
    case "Div" where isUnsigned:
      body = { Int64(bitPattern: UInt64(bitPattern: $0) / UInt64(bitPattern: $1)) }
    case "Div": body = { $0.dividedReportingOverflow(by: $1).partialValue }
    case "Min": body = { isUnsigned && ($0 ^ $1) < 0 ? max($0, $1) : min($0, $1) }
    case "Max": body = { isUnsigned && ($0 ^ $1) < 0 ? min($0, $1) : max($0, $1) }
    case "And": body = { $0 & $1 }
    case "Or": body = { $0 | $1 }
    case "Xor": body = { $0 ^ $1 }
    case "Pow" where y.allSatisfy({ (0...64).contains($0) }):
      body = { base, exponent in (0..<exponent).reduce(1) { product, _ in product &* base } }
    default: throw .unsupported("it does not take these integers")
    }
    var values: [Int64] = []
    Self.forEachIndex(shape) {
      values.append(
        a.elementType.wrapped(body(x[a.broadcastOffset($0)], y[b.broadcastOffset($0)])))
    }
    return ONNXValue(shape: shape, integers: values, elementType: a.elementType)
  }

  private func compare() throws(ImportFailure) -> ONNXValue {
    let (a, b) = (try input(0), try secondOperand())
    let shape = try broadcast(a.shape, b.shape)
    var values: [Int64] = []
    _ = try count(shape)
    if let x = a.integers, let y = b.integers {
      // Order of unsigned numbers: as of signed ones with the top bit turned.
      let turn = a.elementType == .uint64 ? Int64.min : 0
      Self.forEachIndex(shape) {
        let (p, q) = (x[a.broadcastOffset($0)] ^ turn, y[b.broadcastOffset($0)] ^ turn)
        values.append(holds(p < q, p == q, q < p) ? 1 : 0)
      }
    } else {
      let (x, y) = (a.reals, b.reals)
      Self.forEachIndex(shape) {
        let (p, q) = (x[a.broadcastOffset($0)], y[b.broadcastOffset($0)])
        values.append(holds(p < q, p == q, q < p) ? 1 : 0)
      }
    }
    return ONNXValue(shape: shape, integers: values, elementType: .bool)
  }

  /// Whether the node's comparison holds between numbers in one of three relations, or none (NaN).
  private func holds(_ isLess: Bool, _ isEqual: Bool, _ isGreater: Bool) -> Bool {
    switch view.operatorName {
    case "Less": isLess
    case "LessOrEqual": isLess || isEqual
    case "Greater": isGreater
    case "GreaterOrEqual": isGreater || isEqual
    default: isEqual
    }
  }

  private func choose() throws(ImportFailure) -> ONNXValue {
    let (condition, a, b) = (try input(0), try input(1), try input(2))
    let shape = try broadcast(try broadcast(condition.shape, a.shape), b.shape)
    _ = try count(shape)
    guard let flags = condition.integers else { throw .invalid("the condition is no truth value") }
    if let x = a.integers, let y = b.integers {
      var values: [Int64] = []
      Self.forEachIndex(shape) {
        values.append(
          flags[condition.broadcastOffset($0)] != 0
            ? x[a.broadcastOffset($0)] : y[b.broadcastOffset($0)])
      }
      return ONNXValue(shape: shape, integers: values, elementType: a.elementType)
    }
    let (x, y) = (a.reals, b.reals)
    return try real(shape) {
      flags[condition.broadcastOffset($0)] != 0
        ? x[a.broadcastOffset($0)] : y[b.broadcastOffset($0)]
    }
  }

  private func cast(to type: ONNXElementType) throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    _ = try count(x.shape)
    if type.isReal {
      return ONNXValue(shape: x.shape, reals: x.reals).narrowed(
        to: type, saturates: try view.integer("saturate", 1) != 0, try view.powerRounding())
    }
    let isTruth = type == .bool
    let integers =
      x.integers?.map { isTruth ? ($0 == 0 ? 0 : 1) : type.wrapped($0) }
      ?? x.reals.map { real in
        if isTruth { return real == 0 ? 0 : 1 }
        if type == .uint64 && real >= 0x1p63 && real < 0x1p64 {
          return Int64(bitPattern: UInt64(real))
        }
        return type.wrapped(Int64(clamping: Double(real)))
      }
    return ONNXValue(shape: x.shape, integers: integers, elementType: type)
  }

  private func batchNormalization() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    var parameters: [[Float]] = []
    for index in 1...4 { parameters.append(try input(index).reals) }
    guard x.shape.count >= 2, parameters.allSatisfy({ $0.count == x.shape[1] }) else {
      throw .invalid("the parameters do not fit x of shape \(x.shape)")
    }
    let epsilon = Double(try view.float("epsilon", 1e-5))
    let values = x.reals
    return try real(x.shape) { index in
      let c = index[1]
      let centred = Double(values[x.offset(index)]) - Double(parameters[2][c])
      let scale = Double(parameters[0][c]) / (Double(parameters[3][c]) + epsilon).squareRoot()
      return Float(centred * scale + Double(parameters[1][c]))
    }
  }

  private func localResponseNormalization() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let size = try view.integer("size")
    guard size > 0, x.shape.count >= 2 else { throw .invalid("size or x does not fit") }
    let alpha = Double(try view.float("alpha", 1e-4)) / Double(size)
    let (beta, bias) = (Double(try view.float("beta", 0.75)), Double(try view.float("bias", 1)))
    let values = x.reals
    return try real(x.shape) { index in
      var sum = 0.0
      var neighbour = index
      let last = min(x.shape[1] - 1, index[1] + size / 2)
      for c in max(0, index[1] - (size - 1) / 2)...last {
        neighbour[1] = c
        let value = Double(values[x.offset(neighbour)])
        sum += value * value
      }
      return Float(Double(values[x.offset(index)]) / pow(bias + alpha * sum, beta))
    }
  }
}

extension Int64 {
  /// Truncates towards zero, the nearest representable value when out of range, 0 for NaN.
  init(clamping value: Double) {
    if value.isNaN {
      self = 0
    } else {
      self = value >= 0x1p63 ? .max : value < -0x1p63 ? .min : Int64(value)
    }
  }
}
