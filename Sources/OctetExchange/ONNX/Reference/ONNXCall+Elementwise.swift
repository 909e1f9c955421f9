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
    case "Add", "Sub", "Mul", "Div", "PRelu", "Pow": return try binary(try input(0), try input(1))
    case "Min", "Max", "Sum":
      var result = try input(0)
      for index in arguments.indices.dropFirst() { result = try binary(result, try input(index)) }
      return result
    case "Equal", "Less", "Greater": return try compare()
    case "Where": return try choose()
    case "Cast": return try cast()
    case "BatchNormalization": return try batchNormalization()
    case "LRN": return try localResponseNormalization()
    default: return nil
    }
  }

  private func map(_ x: ONNXValue, _ body: (Double) -> Double) throws(ImportFailure) -> ONNXValue {
    _ = try count(x.shape)
    var result = x
    switch x.elements {
    case .real(let values): result.elements = .real(values.map { Float(body(Double($0))) })
    case .integer(let values):
      result.elements = .integer(values.map { Int64(clamping: body(Double($0))) })
    }
    return result
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
    case "Tanh": return { tanh($0) }
    case "Elu":
      let alpha = try number("alpha", 1)
      return { $0 < 0 ? alpha * (exp($0) - 1) : $0 }
    case "Selu":
      let alpha = try number("alpha", 1.67326319217681884765625)
      let gamma = try number("gamma", 1.05070102214813232421875)
      return { gamma * ($0 <= 0 ? alpha * (exp($0) - 1) : $0) }
    case "Exp": return { exp($0) }
    case "Log": return { log($0) }
    case "Sqrt": return { $0.squareRoot() }
    case "Abs": return { abs($0) }
    case "Neg": return { -$0 }
    case "Floor": return { $0.rounded(.down) }
    case "Ceil": return { $0.rounded(.up) }
    case "Reciprocal": return { 1 / $0 }
    case "Not": return { $0 == 0 ? 1 : 0 }
    case "Clip":
      let isOld = view.version < 11
      let lower = isOld ? (view.has("min") ? try view.float("min") : nil) : optional(1)?.reals.first
      let upper = isOld ? (view.has("max") ? try view.float("max") : nil) : optional(2)?.reals.first
      return { min(Double(upper ?? .infinity), max(Double(lower ?? -.infinity), $0)) }
    case "Identity", "Dropout", "CastLike": return { $0 }
    default: return nil
    }
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
    if view.operatorName == "Div", y.contains(0) || y.contains(-1) && x.contains(Int64.min) {
      throw .invalid("it divides by zero")
    }
    let body: (Int64, Int64) -> Int64
    switch view.operatorName {
    case "Add", "Sum": body = { $0 &+ $1 }
    case "Sub": body = { $0 &- $1 }
    case "Mul": body = { $0 &* $1 }
    case "Div": body = { $0 / $1 }
    case "Min": body = { min($0, $1) }
    case "Max": body = { max($0, $1) }
    default: throw .unsupported("it does not take integers here")
    }
    var values: [Int64] = []
    Self.forEachIndex(shape) {
      values.append(
        a.elementType.wrapped(body(x[a.broadcastOffset($0)], y[b.broadcastOffset($0)])))
    }
    return ONNXValue(shape: shape, integers: values, elementType: a.elementType)
  }

  private func compare() throws(ImportFailure) -> ONNXValue {
    let (a, b) = (try input(0), try input(1))
    let (x, y) = (a.reals, b.reals)
    let body: (Float, Float) -> Bool
    switch view.operatorName {
    case "Less": body = { $0 < $1 }
    case "Greater": body = { $0 > $1 }
    default: body = { $0 == $1 }
    }
    let shape = try broadcast(a.shape, b.shape)
    var values: [Int64] = []
    _ = try count(shape)
    Self.forEachIndex(shape) {
      values.append(body(x[a.broadcastOffset($0)], y[b.broadcastOffset($0)]) ? 1 : 0)
    }
    return ONNXValue(shape: shape, integers: values, elementType: .bool)
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

  private func cast() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    _ = try count(x.shape)
    let code = try view.integer("to")
    guard let type = ONNXElementType(rawValue: code), type != .float16, type != .bfloat16 else {
      throw .unsupported("it makes \(ONNXElementType.name(code)) elements")
    }
    if type.isReal { return ONNXValue(shape: x.shape, reals: x.reals).retyped(type) }
    let integers =
      x.integers?.map { type == .bool ? ($0 == 0 ? 0 : 1) : type.wrapped($0) }
      ?? x.reals.map { type == .bool ? ($0 == 0 ? 0 : 1) : Int64(clamping: Double($0)) }
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

extension ONNXElementType {
  /// The value modulo the type's width.
  func wrapped(_ value: Int64) -> Int64 {
    switch self {
    case .int8: Int64(Int8(truncatingIfNeeded: value))
    case .uint8: Int64(UInt8(truncatingIfNeeded: value))
    case .int16: Int64(Int16(truncatingIfNeeded: value))
    case .uint16: Int64(UInt16(truncatingIfNeeded: value))
    case .int32: Int64(Int32(truncatingIfNeeded: value))
    case .uint32: Int64(UInt32(truncatingIfNeeded: value))
    default: value
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
