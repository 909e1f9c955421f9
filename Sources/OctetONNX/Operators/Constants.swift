import Foundation
import OctetModel

// What the shapes, or nothing at all, decide: constants.

extension ONNXOperator {
  static let constant = ONNXOperator(
    "Constant",
    read: { (_, _) throws(ImportFailure) in throw ONNXCall.unreadConstant },
    evaluate: { (call) throws(ImportFailure) in [try call.constant()] })

  static let constantOfShape = ONNXOperator(
    "ConstantOfShape",
    evaluate: { (call) throws(ImportFailure) in [try call.constantOfShape()] })

  static let range = ONNXOperator(
    "Range", evaluate: { (call) throws(ImportFailure) in [try call.range()] })

  static let shape = ONNXOperator(
    "Shape", read: { (importer, node) throws(ImportFailure) in try importer.shape(node) })

  static let size = ONNXOperator(
    "Size", read: { (importer, node) throws(ImportFailure) in try importer.size(node) })

  static let remainder = ONNXOperator(
    "Mod", evaluate: { (call) throws(ImportFailure) in [try call.remainder()] })

  static let isNotFinite = ONNXOperator(
    "IsNaN", "IsInf",
    evaluate: { (call) throws(ImportFailure) in [try call.isNotFinite()] })
}

extension ONNXImporter {
  /// Shapes are fixed, so this is a constant.
  mutating func shape(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    func bound(_ value: Int) -> Int {
      max(0, min(x.rank, value < 0 ? value + x.rank : value))
    }
    let start = bound(try view.integer("start", 0))
    let end = bound(try view.integer("end", x.rank))
    let dimensions = start < end ? x.shape[start..<end].map { Int64($0) } : []
    define(
      ONNXValue(shape: [dimensions.count], integers: dimensions), named: view.node.outputs[0])
  }

  /// Shapes are fixed, so this is a constant.
  mutating func size(_ view: ONNXNodeView) throws(ImportFailure) {
    define(
      ONNXValue(shape: [], integers: [Int64(try view.input(0).shape.elementCount)]),
      named: view.node.outputs[0])
  }
}

extension ONNXCall {
  static var unreadConstant: ImportFailure {
    .unsupported("a constant of this kind is not read; store it as a tensor")
  }

  func constant() throws(ImportFailure) -> ONNXValue {
    for (name, attribute) in view.node.attributes {
      switch (name, attribute) {
      case ("value", .tensor(let tensor)):
        do {
          return try tensor.value(view.data)
        } catch {
          throw .invalid("\(error)")
        }
      case ("value_float", .float(let value)): return ONNXValue(shape: [], reals: [value])
      case ("value_floats", .floats(let values)):
        return ONNXValue(shape: [values.count], reals: values)
      case ("value_int", .integer(let value)): return ONNXValue(shape: [], integers: [value])
      case ("value_ints", .integers(let values)):
        return ONNXValue(shape: [values.count], integers: values)
      default: continue
      }
    }
    throw Self.unreadConstant
  }

  func constantOfShape() throws(ImportFailure) -> ONNXValue {
    let shape = try view.integersInput(0)?.map(\.ordinary) ?? []
    var value = ONNXValue(shape: [1], reals: [0])
    if case .tensor(let tensor) = view.node.attributes["value"] {
      do { value = try tensor.value(view.data) } catch { throw .invalid("\(error)") }
    }
    guard value.count == 1 else { throw .invalid("the value should be one element") }
    return try pick(value, shape) { _ in [0] }
  }

  func range() throws(ImportFailure) -> ONNXValue {
    let (start, limit, delta) = (try input(0), try input(1), try input(2))
    guard let first = start.integers?.first, let end = limit.integers?.first,
      let step = delta.integers?.first, step != 0, abs(first.clamped) < 1 << 40,
      abs(end.clamped) < 1 << 40, abs(step.clamped) < 1 << 40
    else { throw .unsupported("a range of this kind is not computed") }
    let length = max(0, Int((Double(end - first) / Double(step)).rounded(.up)))
    _ = try count([length])
    return ONNXValue(
      shape: [length], integers: (0..<length).map { first + Int64($0) * step },
      elementType: start.elementType)
  }

  /// The rest of a division: with the sign of the divisor, of reals and with `fmod` with that of
  /// the dividend.
  func remainder() throws(ImportFailure) -> ONNXValue {
    let (a, b) = (try input(0), try input(1))
    let takesDividendsSign = try view.integer("fmod") != 0
    let shape = try broadcast(a.shape, b.shape)
    if let x = a.integers, let y = b.integers {
      if y.contains(0) { throw .invalid("it divides by 0") }
      var values: [Int64] = []
      values.reserveCapacity(try count(shape))
      forEachIndex(in: shape) { index in
        let (dividend, divisor) = (x[a.broadcastOffset(index)], y[b.broadcastOffset(index)])
        let rest = dividend.remainderReportingOverflow(dividingBy: divisor).partialValue
        let isMoved = !takesDividendsSign && rest != 0 && (rest < 0) != (divisor < 0)
        values.append(isMoved ? rest &+ divisor : rest)
      }
      return ONNXValue(shape: shape, integers: values, elementType: a.elementType)
    }
    let (x, y) = (a.reals, b.reals)
    return try real(shape) { index in
      let (dividend, divisor) = (x[a.broadcastOffset(index)], y[b.broadcastOffset(index)])
      let rest = fmodf(dividend, divisor)
      let isMoved = !takesDividendsSign && rest != 0 && (rest < 0) != (divisor < 0)
      return isMoved ? rest + divisor : rest
    }
  }

  /// Whether each real is no number, or infinite.
  func isNotFinite() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    _ = try count(x.shape)
    let isNaN = view.operatorName == "IsNaN"
    let takes = (
      negative: try view.integer("detect_negative", 1) != 0,
      positive: try view.integer("detect_positive", 1) != 0
    )
    return ONNXValue(
      shape: x.shape,
      integers: x.reals.map { value in
        if isNaN { return value.isNaN ? 1 : 0 }
        return value.isInfinite && (value < 0 ? takes.negative : takes.positive) ? 1 : 0
      }, elementType: .bool)
  }
}
