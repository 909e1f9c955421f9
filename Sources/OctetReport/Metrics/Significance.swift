import Foundation

/// A confidence interval for a share, such as an accuracy.
///
/// Wilson, "Probable Inference, the Law of Succession, and Statistical Inference", JASA 22, 1927.
/// It stays inside 0 … 1 and is honest near the ends, where accuracies are.
public struct WilsonInterval: Sendable, Equatable, Codable {
  /// The lower end, 0…1.
  public let lower: Double
  /// The upper end, 0…1.
  public let upper: Double

  /// The two-sided 95 % point of the normal distribution.
  public static let z95 = 1.959_963_984_540_054

  /// - Parameters:
  ///   - successCount: from 0 to `trialCount`.
  ///   - trialCount: with none the interval is 0 … 1: nothing is known.
  public init(successCount: Int, trialCount: Int, z: Double = z95) {
    guard trialCount > 0 else {
      (lower, upper) = (0, 1)
      return
    }
    let n = Double(trialCount)
    let share = Double(successCount) / n
    let squared = z * z
    let center = (share + squared / (2 * n)) / (1 + squared / n)
    let half =
      z / (1 + squared / n)
      * (share * (1 - share) / n + squared / (4 * n * n)).squareRoot()
    // Exact at the ends, where the rounding of the two terms need not cancel.
    lower = successCount == 0 ? 0 : max(0, center - half)
    upper = successCount == trialCount ? 1 : min(1, center + half)
  }
}

/// Are two classifiers on the same samples equally good? Only samples on which exactly one of them
/// is right say anything.
///
/// McNemar, "Note on the Sampling Error of the Difference Between Correlated Proportions or
/// Percentages", Psychometrika 12, 1947; continuity correction: Edwards, Psychometrika 13, 1948.
public struct McNemarTest: Sendable, Equatable, Codable {
  /// How the probability was computed.
  public enum Method: String, Sendable, Codable {
    /// Two-sided binomial test with p = 1/2.
    case exactBinomial
    /// (|b − c| − 1)² / (b + c), one degree of freedom.
    case chiSquareWithContinuity
  }

  /// How `pValue` was computed.
  public let method: Method
  /// The probability of a difference at least this large between equally good classifiers.
  public let pValue: Double

  /// Below this many discordant samples the chi-square approximation is poor.
  public static let exactCountMax = 24

  /// - Parameters:
  ///   - rightToWrong: b, samples that only the reference got right.
  ///   - wrongToRight: c, samples that only the candidate got right.
  public init(rightToWrong: Int, wrongToRight: Int) {
    let count = rightToWrong + wrongToRight
    if count <= Self.exactCountMax {
      method = .exactBinomial
      pValue = Self.binomial(smaller: min(rightToWrong, wrongToRight), count: count)
    } else {
      method = .chiSquareWithContinuity
      // Equal counts would give 1 instead of 0 by the letter of the formula.
      let gap = Double(max(0, abs(rightToWrong - wrongToRight) - 1))
      let statistic = gap * gap / Double(count)
      // The upper tail of chi-square with one degree of freedom.
      pValue = erfc((statistic / 2).squareRoot())
    }
  }

  /// Whether equally good classifiers would differ so much less than once in twenty.
  public var isSignificant: Bool { pValue < 0.05 }

  /// `p = 0.03`, or `p < 0.0001`.
  public var text: String { pValue < 0.0001 ? "p < 0.0001" : "p = " + pValue.short }

  /// min(1, 2 · P(X ≤ smaller)), X ~ Binomial(count, 1/2); all terms are exact for small counts.
  private static func binomial(smaller: Int, count: Int) -> Double {
    var ways = 1.0
    var sum = 1.0
    for k in 0..<smaller {
      ways = ways * Double(count - k) / Double(k + 1)
      sum += ways
    }
    return min(1, 2 * sum / Double(sign: .plus, exponent: count, significand: 1))
  }
}
