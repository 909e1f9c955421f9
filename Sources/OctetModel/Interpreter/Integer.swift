// Operations on integers. What a node makes is wrapped to its element type by the step after it,
// so 64-bit arithmetic that wraps around is right for every width.

extension StepContext {
  /// The step of a node that reads or makes integers.
  ///
  /// `Graph.validate` has made sure that the operands are of one kind, and the result of the kind
  /// that the operation makes.
  func integerStep() throws(GraphError) -> InterpreterStep {
    let isUnsigned = x.elementType == .uint64
    func isLess(_ a: Int64, _ b: Int64) -> Bool {
      isUnsigned ? UInt64(bitPattern: a) < UInt64(bitPattern: b) : a < b
    }
    switch node.operation {
    case .add: return integerBinary { $0 &+ $1 }
    case .subtract: return integerBinary { $0 &- $1 }
    case .multiply: return integerBinary { $0 &* $1 }
    case .divide: return integerBinary { quotient($0, $1, isUnsigned: isUnsigned) }
    case .minimum: return integerBinary { isLess($1, $0) ? $1 : $0 }
    case .maximum: return integerBinary { isLess($0, $1) ? $1 : $0 }
    case .power: return integerBinary { power($0, $1) }
    case .relu: return integerMap { isUnsigned ? $0 : max(0, $0) }
    case .function(.absolute): return integerMap { isUnsigned || $0 >= 0 ? $0 : 0 &- $0 }
    case .function(.negate): return integerMap { 0 &- $0 }
    case .function(.sign): return integerMap { isUnsigned ? ($0 == 0 ? 0 : 1) : $0.signum() }
    case .compare(let comparison) where x.isInteger:
      switch comparison {
      case .equal: return integerBinary { $0 == $1 ? 1 : 0 }
      case .less: return integerBinary { isLess($0, $1) ? 1 : 0 }
      case .lessOrEqual: return integerBinary { isLess($1, $0) ? 0 : 1 }
      case .greater: return integerBinary { isLess($1, $0) ? 1 : 0 }
      case .greaterOrEqual: return integerBinary { isLess($0, $1) ? 0 : 1 }
      }
    case .compare(let comparison): return compare(comparison)
    case .logic(.and): return integerBinary { $0 & $1 }
    case .logic(.or): return integerBinary { $0 | $1 }
    case .logic(.exclusiveOr): return integerBinary { $0 ^ $1 }
    case .cast(let attributes): return cast(attributes)
    case .maxPool(let attributes): return maxPool(attributes, lowest: Int64.min)
    case .reduce(let reduction, let axes, _): return try integerReduce(reduction, axes: axes)
    default: return try floatStep()
    }
  }

  private func integerBinary(_ body: @escaping (Int64, Int64) -> Int64) -> InterpreterStep {
    let (a, b, y) = (inputs[0].integers, inputs[1].integers, self.y.integers)
    let offsets = BroadcastOffsets(inputs[0].shape, inputs[1].shape)
    return {
      for index in 0..<offsets.count { y[index] = body(a[offsets.a[index]], b[offsets.b[index]]) }
    }
  }

  private func integerMap(_ body: @escaping (Int64) -> Int64) -> InterpreterStep {
    let (x, y, count) = (self.x.integers, self.y.integers, self.y.count)
    return { for index in 0..<count { y[index] = body(x[index]) } }
  }

  /// Reals to truth values; comparisons with NaN are false.
  private func compare(_ comparison: Comparison) -> InterpreterStep {
    let body: (Float, Float) -> Bool =
      switch comparison {
      case .equal: { $0 == $1 }
      case .less: { $0 < $1 }
      case .lessOrEqual: { $0 <= $1 }
      case .greater: { $0 > $1 }
      case .greaterOrEqual: { $0 >= $1 }
      }
    let (a, b, y) = (inputs[0].base, inputs[1].base, self.y.integers)
    let offsets = BroadcastOffsets(inputs[0].shape, inputs[1].shape)
    return {
      for index in 0..<offsets.count {
        y[index] = body(a[offsets.a[index]], b[offsets.b[index]]) ? 1 : 0
      }
    }
  }

  private func integerReduce(
    _ reduction: Reduction, axes: [Int]
  ) throws(GraphError) -> InterpreterStep {
    let body: (Int64, Int64) -> Int64
    var first: Int64?
    switch reduction {
    case .sum: (body, first) = ({ $0 &+ $1 }, 0)
    case .product: (body, first) = ({ $0 &* $1 }, 1)
    case .sumOfSquares: (body, first) = ({ $0 &+ $1 &* $1 }, 0)
    case .norm1: (body, first) = ({ $0 &+ Int64(truncatingIfNeeded: $1.magnitude) }, 0)
    case .maximum: body = { max($0, $1) }
    case .minimum: body = { min($0, $1) }
    case .norm2, .logarithmOfSum, .logarithmOfSumOfExponentials:
      throw .unsupported(
        node: node.name, operation: node.operation.name,
        reason: "its result is no integer; cast its input to float")
    }
    let (x, y, count) = (self.x.integers, self.y.integers, self.y.count)
    let targets = reductionTargets(axes: axes)
    let isMaximum = reduction == .maximum
    // Of no elements at all, the result is the end of the type's range.
    let type = self.y.elementType
    let unused = Int64(64 - type.bitCount)
    let lowest = type.isSigned ? Int64.min >> unused : 0
    let highest =
      type == .bool
      ? 1 : type.isSigned ? .max >> unused : Int64(bitPattern: UInt64.max >> UInt64(unused))
    let ends = targets.isEmpty ? (lowest, highest) : (Int64.min, Int64.max)
    let start = first ?? (isMaximum ? ends.0 : ends.1)
    return {
      for index in 0..<count { y[index] = start }
      for (index, target) in targets.enumerated() { y[target] = body(y[target], x[index]) }
    }
  }

  /// Between reals and integers, or among either.
  func cast(_ attributes: CastAttributes) -> InterpreterStep {
    let (x, y, count, target) = (self.x, self.y, self.y.count, attributes.target)
    switch (x.isInteger, y.isInteger) {
    case (true, true): return integerMap { $0 == 0 ? 0 : target == .bool ? 1 : $0 }
    case (false, true):
      let isTruth = target == .bool
      return {
        for index in 0..<count {
          let real = x.base[index]
          y.integers[index] = isTruth ? (real == 0 ? 0 : 1) : truncated(real, to: target)
        }
      }
    case (true, false):
      let isUnsigned = x.elementType == .uint64
      return {
        for index in 0..<count {
          let value = x.integers[index]
          y.base[index] = isUnsigned ? Float(UInt64(bitPattern: value)) : Float(value)
        }
      }
    case (false, false):
      let format = target.floatFormat
      return {
        for index in 0..<count {
          y.base[index] =
            format?.rounded(
              x.base[index], saturates: attributes.saturates, attributes.powerRounding)
            ?? x.base[index]
        }
      }
    }
  }
}

/// Towards zero; 0 when the divisor is 0, where ONNX defines no result.
private func quotient(_ a: Int64, _ b: Int64, isUnsigned: Bool) -> Int64 {
  if b == 0 { return 0 }
  if isUnsigned {
    return Int64(bitPattern: UInt64(bitPattern: a) / UInt64(bitPattern: b))
  }
  return a.dividedReportingOverflow(by: b).partialValue
}

/// By squaring; what is smaller than 1 becomes 0.
private func power(_ base: Int64, _ exponent: Int64) -> Int64 {
  if exponent < 0 { return base == 1 ? 1 : base == -1 ? (exponent & 1 == 0 ? 1 : -1) : 0 }
  var (result, square, rest) = (Int64(1), base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result &*= square }
    square &*= square
    rest >>= 1
  }
  return result
}

/// Towards zero; the nearest 64-bit integer when out of range, 0 for NaN.
func truncated(_ real: Float, to type: ElementType) -> Int64 {
  if real.isNaN { return 0 }
  if type == .uint64 && real >= 0x1p63 {
    return Int64(bitPattern: real >= 0x1p64 ? .max : UInt64(real))
  }
  return real >= 0x1p63 ? .max : real < -0x1p63 ? .min : Int64(real)
}
