import Foundation

/// Count, sum and sum of squares of one figure a sample, added without rounding.
package struct Moments: Codable, Sendable, Equatable {
  package private(set) var count = 0
  private var sum = ExactSum()
  private var squares = ExactSum()

  package init() {}

  package mutating func add(_ value: Double) {
    count += 1
    sum.add(value)
    squares.add(value * value)
  }

  package mutating func merge(_ other: Moments) {
    count += other.count
    sum.merge(other.sum)
    squares.merge(other.squares)
  }

  package var mean: Double { count == 0 ? 0 : sum.value / Double(count) }

  /// The unbiased variance; 0 for fewer than two values.
  var variance: Double {
    guard count > 1 else { return 0 }
    let n = Double(count)
    let total = sum.value
    let spread = squares.value - total * total / n
    return spread.isNaN ? .nan : max(0, spread) / (n - 1)
  }

  /// The standard error of the mean.
  var standardError: Double { count == 0 ? 0 : (variance / Double(count)).squareRoot() }

  /// The mean with Student's 95 % interval; unbounded for a single value.
  var estimate: DiffReport.Output.Estimate {
    guard count > 1 else {
      return .init(
        value: mean, lower: count == 0 ? 0 : -.infinity, upper: count == 0 ? 0 : .infinity)
    }
    let half = StudentT.quantile95(degreesOfFreedom: count - 1) * standardError
    return .init(value: mean, lower: mean - half, upper: mean + half)
  }

  /// The test of a mean that is 0.
  var pairedTest: DiffReport.Output.PairedTest {
    let error = standardError
    let t = error > 0 ? mean / error : nil
    // Differences that are all alike: none at all, or beyond chance.
    let certain = mean == 0 || count < 2 ? 1.0 : 0
    return .init(
      meanDifference: estimate, t: t, degreesOfFreedom: max(0, count - 1),
      pValue: t.map { StudentT.twoSided($0, degreesOfFreedom: count - 1) } ?? certain)
  }
}

/// Student, "The Probable Error of a Mean", Biometrika 6, 1908.
enum StudentT {
  /// The probability of |t| at least so large, by the incomplete beta function.
  static func twoSided(_ t: Double, degreesOfFreedom count: Int) -> Double {
    guard t.isFinite else { return t.isNaN ? .nan : 0 }
    let n = Double(max(count, 1))
    return incompleteBeta(a: n / 2, b: 0.5, x: n / (n + t * t))
  }

  /// The t that is exceeded on either side once in twenty.
  static func quantile95(degreesOfFreedom count: Int) -> Double {
    var (low, high) = (1.9, 13.0)
    while high - low > 1e-13 * high {
      let middle = (low + high) / 2
      if middle == low || middle == high { break }
      if twoSided(middle, degreesOfFreedom: count) > 0.05 { low = middle } else { high = middle }
    }
    return (low + high) / 2
  }

  /// The regularized incomplete beta function, by Lentz's continued fraction; DiDonato and Morris,
  /// "Algorithm 708", ACM Transactions on Mathematical Software 18, 1992.
  private static func incompleteBeta(a: Double, b: Double, x: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    // Where it converges fast.
    if x > (a + 1) / (a + b + 2) { return 1 - incompleteBeta(a: b, b: a, x: 1 - x) }
    let logFront =
      logGamma(a + b) - logGamma(a) - logGamma(b) + a * log(x) + b * log1p(-x)
    let tiny = 1e-300
    var (fraction, c, d) = (1.0, 1.0, 0.0)
    for step in 0..<10_000 {
      let m = Double(step / 2)
      let numerator: Double
      if step == 0 {
        numerator = 1
      } else if step % 2 == 0 {
        numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      } else {
        numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      }
      d = 1 + numerator * d
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = 1 + numerator / c
      if abs(c) < tiny { c = tiny }
      fraction *= c * d
      if abs(1 - c * d) < 1e-15 { break }
    }
    return exp(logFront) * (fraction - 1) / a
  }

  /// Stirling's series beyond 10, the recurrence below.
  private static func logGamma(_ x: Double) -> Double {
    var (x, shift) = (x, 0.0)
    while x < 10 {
      shift += log(x)
      x += 1
    }
    let square = 1 / (x * x)
    let series = (1 / 12.0 - square * (1 / 360.0 - square * (1 / 1260.0 - square / 1680.0))) / x
    return (x - 0.5) * log(x) - x + 0.5 * log(2 * Double.pi) + series - shift
  }
}

/// The sums behind `DiffReport.Output.Errors`.
package struct ErrorSums: Codable, Sendable, Equatable {
  private var bias = Moments()
  package private(set) var absolute = Moments()
  package private(set) var squared = Moments()
  private var largest = Bounds()

  package init() {}

  /// Adds a sample by its values' errors.
  package mutating func add(_ errors: SampleErrors) {
    bias.add(errors.bias)
    absolute.add(errors.absolute)
    squared.add(errors.squared)
    largest.add(Float(errors.largest))
  }

  package mutating func merge(_ other: ErrorSums) {
    bias.merge(other.bias)
    absolute.merge(other.absolute)
    squared.merge(other.squared)
    largest.merge(other.largest)
  }

  var report: DiffReport.Output.Errors {
    let squares = squared.estimate
    return .init(
      bias: bias.estimate, mae: absolute.estimate,
      rmse: .init(
        value: squares.value.squareRoot(), lower: max(0, squares.lower).squareRoot(),
        upper: squares.upper.squareRoot()), maxAbsError: largest.ends.upper)
  }
}

/// Means over one sample's values.
package struct SampleErrors: Sendable, Equatable {
  package private(set) var bias = 0.0
  package private(set) var absolute = 0.0
  package private(set) var squared = 0.0
  package private(set) var largest = 0.0

  /// The errors of `values` against `truth`, as many.
  package init(_ values: Span<Float>, against truth: Span<Float>) {
    precondition(values.count == truth.count, "a sample's elements must correspond")
    for index in values.indices {
      let error = Double(values[index]) - Double(truth[index])
      bias += error
      absolute += abs(error)
      squared += error * error
      // A comparison with NaN is false, so it would be passed over.
      if !(abs(error) <= largest) { largest = error.isNaN ? .nan : abs(error) }
    }
    let count = Double(max(values.count, 1))
    bias /= count
    absolute /= count
    squared /= count
  }
}
