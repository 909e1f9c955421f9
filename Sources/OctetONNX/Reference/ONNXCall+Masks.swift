import Foundation
import OctetModel

extension ONNXCall {
  /// The elements of a triangle of the last two dimensions, zeros elsewhere.
  func triangle() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    let rank = x.shape.count
    guard rank >= 2 else { throw .invalid("x needs two dimensions, has \(x.shape)") }
    let k = try view.integersInput(1)?.first.map(\.ordinary) ?? 0
    let isUpper = try view.integer("upper", 1) != 0
    return try pick(x, x.shape) { index in
      let distance = index[rank - 1] - index[rank - 2]
      return (isUpper ? distance >= k : distance <= k) ? index : nil
    }
  }

  /// Each element and those before it along an axis, or after it, added up.
  func runningSum() throws(ImportFailure) -> ONNXValue {
    let x = try input(0)
    guard let axes = try view.integersInput(1), axes.count == 1 else {
      throw .invalid("the axis should be one number")
    }
    let axis = try view.axis(axes[0].ordinary, rank: x.shape.count)
    let (isExclusive, isReverse) = (
      try view.integer("exclusive") != 0, try view.integer("reverse") != 0
    )
    let (length, inner) = (x.shape[axis], Array(x.shape[(axis + 1)...]).elementCount)
    _ = try count(x.shape)
    func summed<Number>(_ values: [Number], _ zero: Number, _ add: (Number, Number) -> Number)
      -> [Number]
    {
      var result = values
      for line in 0..<(length == 0 ? 0 : values.count / length) {
        let start = line / inner * inner * length + line % inner
        var sum = zero
        for step in 0..<length {
          let place = start + (isReverse ? length - 1 - step : step) * inner
          if isExclusive { result[place] = sum }
          sum = add(sum, values[place])
          if !isExclusive { result[place] = sum }
        }
      }
      return result
    }
    var result = x
    switch x.elements {
    case .real(let values): result.elements = .real(summed(values, 0, +))
    case .integer(let values):
      result.elements = .integer(summed(values, 0) { x.elementType.wrapped($0 &+ $1) })
    }
    return result
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
      Self.forEachIndex(shape) { index in
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
