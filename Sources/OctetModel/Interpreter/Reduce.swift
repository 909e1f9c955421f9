#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension StepContext {
  /// For each element of x, in row-major order, the element of y that it goes into.
  func reductionTargets(axes: [Int]) -> [Int] {
    let reduced = Set(axes)
    let kept = x.shape.indices.map { reduced.contains($0) ? 1 : x.shape[$0] }
    let strides = zip(kept, rowMajorStrides(kept)).map { $0 == 1 ? 0 : $1 }
    var targets: [Int] = []
    forEachIndex(in: x.shape) { index in
      targets.append(zip(index, strides).reduce(0) { $0 + $1.0 * $1.1 })
    }
    return targets
  }

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
          tops[target] = max(tops[target], Double(x.base[index]))
        }
      }
      for (index, target) in targets.enumerated() {
        let value = Double(x.base[index])
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
        case .norm2: y.base[index] = Float(sums[index].squareRoot())
        case .logarithmOfSum: y.base[index] = Float(log(sums[index]))
        case .logarithmOfSumOfExponentials: y.base[index] = Float(tops[index] + log(sums[index]))
        default: y.base[index] = Float(sums[index])
        }
      }
    }
  }

  /// x of reals or integers → int64 positions.
  func extremum(_ attributes: ExtremumAttributes) -> InterpreterStep {
    x.isInteger
      ? extremum(attributes, x.integers) : extremum(attributes, x.base)
  }

  private func extremum<Element: Comparable>(
    _ attributes: ExtremumAttributes, _ source: UnsafeMutablePointer<Element>
  ) -> InterpreterStep {
    let (shape, y) = (x.shape, self.y)
    let count = shape[attributes.axis]
    let inner = shape[(attributes.axis + 1)...].reduce(1, *)
    let outer = shape[..<attributes.axis].reduce(1, *)
    return {
      for line in 0..<outer * inner {
        let first = source + line / max(inner, 1) * count * inner + line % max(inner, 1)
        var best = 0
        for k in 1..<max(count, 1) {
          let (value, top) = (first[k * inner], first[best * inner])
          let isBetter = attributes.isMinimum ? value < top : value > top
          if isBetter || attributes.takesLast && value == top { best = k }
        }
        y.integers[line] = Int64(best)
      }
    }
  }
}
