#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

/// What becomes of the elements along the axes that a reduction takes away.
public enum Reduction: Sendable, Hashable, CaseIterable {
  case sum, product, maximum, minimum, sumOfSquares
  /// Σ |x|, √Σ x²
  case norm1, norm2
  case logarithmOfSum, logarithmOfSumOfExponentials
}

/// A reduction over some axes, which become 1 or go.
struct ReduceDefinition: OperationDefinition {
  let reduction: Reduction
  let axes: [Int]
  let keepsDimensions: Bool

  var name: String { "reduce" }
  var inputCount: ClosedRange<Int> { 1...1 }
  var traits: OperationTraits { .noKernel }

  func outputElementType(_ inputs: ElementTypeRule) throws(GraphError) -> ElementType {
    try inputs.alike()
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    [try inputs.reduced(axes: axes, keepsDimensions: keepsDimensions)]
  }

  func step(_ context: StepContext) throws(GraphError) -> InterpreterStep {
    context.x.isInteger
      ? try context.integerReduce(reduction, axes: axes) : context.reduce(reduction, axes: axes)
  }
}

extension StepContext {
  /// Sums run in double precision, in row-major order of the input.
  func reduce(_ reduction: Reduction, axes: [Int]) -> InterpreterStep {
    let (x, y, count) = (self.x, self.y, self.y.count)
    let targets = reductionTargets(axes: axes)
    var sums = [Double](repeating: 0, count: count)
    var tops = [Double](repeating: 0, count: count)
    let isExponential = reduction == .logarithmOfSumOfExponentials
    let start: Double =
      switch reduction {
      case .product: 1
      case .maximum: -.infinity
      case .minimum: .infinity
      default: 0
      }
    return {
      for index in 0..<count { (sums[index], tops[index]) = (start, -.infinity) }
      if isExponential {
        for (index, target) in targets.enumerated() {
          tops[target] = unsafe max(tops[target], Double(x.base[index]))
        }
      }
      for (index, target) in targets.enumerated() {
        let value = unsafe Double(x.base[index])
        switch reduction {
        case .sum, .logarithmOfSum: sums[target] += value
        case .product: sums[target] *= value
        case .maximum: sums[target] = value.isNaN || value > sums[target] ? value : sums[target]
        case .minimum: sums[target] = value.isNaN || value < sums[target] ? value : sums[target]
        case .sumOfSquares, .norm2: sums[target] += value * value
        case .norm1: sums[target] += abs(value)
        case .logarithmOfSumOfExponentials:
          sums[target] += value == tops[target] ? 1 : exp(value - tops[target])
        }
      }
      for index in 0..<count {
        switch reduction {
        case .norm2: unsafe y.base[index] = Float(sums[index].squareRoot())
        case .logarithmOfSum: unsafe y.base[index] = Float(log(sums[index]))
        case .logarithmOfSumOfExponentials:
          unsafe y.base[index] = Float(tops[index] + log(sums[index]))
        default: unsafe y.base[index] = Float(sums[index])
        }
      }
    }
  }

  fileprivate func integerReduce(
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
    let (x, y, count) = unsafe (self.x.integers, self.y.integers, self.y.count)
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
      for index in 0..<count { unsafe y[index] = start }
      for (index, target) in targets.enumerated() { unsafe y[target] = body(y[target], x[index]) }
    }
  }
}
