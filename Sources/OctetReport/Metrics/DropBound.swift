import Foundation

/// How much worse a candidate may be than a reference, for all that the samples both have judged
/// can tell: the upper end of a one-sided confidence interval for the difference of two paired
/// shares.
///
/// Tango, "Equivalence Test and Confidence Interval for the Difference in Proportions for the
/// Paired-Sample Design", Statistics in Medicine 17, 1998. For a difference of 0 it is McNemar's
/// test; where no sample speaks against the candidate it is Wilson's bound.
public enum DropBound {
  /// The largest drop in accuracy that the samples do not contradict, −1…1; 1 without samples.
  ///
  /// - Parameters:
  ///   - rightToWrong: samples that only the reference got right.
  ///   - wrongToRight: samples that only the candidate got right.
  ///   - sampleCount: all samples, at least the sum of both.
  ///   - confidence: the share of samplings whose bound is above the true drop, above 0.5.
  public static func upper(
    rightToWrong: Int, wrongToRight: Int, sampleCount: Int, confidence: Double
  ) -> Double {
    guard sampleCount > 0 else { return 1 }
    let z = normalQuantile(confidence)
    let (lost, gained, n) = (Double(rightToWrong), Double(wrongToRight), Double(sampleCount))
    // The score falls as the assumed drop rises.
    func score(_ drop: Double) -> Double {
      let b = -lost - gained + (2 * n - lost + gained) * drop
      let c = -gained * drop * (1 - drop)
      let share = ((max(0, b * b - 8 * n * c)).squareRoot() - b) / (4 * n)
      let variance = n * (2 * share + drop * (1 - drop))
      let difference = lost - gained - n * drop
      return variance > 0 ? difference / variance.squareRoot() : difference < 0 ? -.infinity : 0
    }
    var (low, high) = ((lost - gained) / n, 1.0)
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if score(middle) > -z { low = middle } else { high = middle }
    }
    return high
  }

  /// The least number of samples that could show a drop of at most `limit`, were there no flip.
  public static func leastSampleCount(for limit: Double, confidence: Double) -> Int {
    guard limit > 0 else { return .max }
    let z = normalQuantile(confidence)
    // Without flips the bound is z² / (n + z²).
    return max(1, Int((z * z * (1 - limit) / limit).rounded(.up)))
  }

  /// The number that a normal deviate stays below with this probability, 0.5 ..< 1.
  public static func normalQuantile(_ probability: Double) -> Double {
    var (low, high) = (0.0, 40.0)
    for _ in 0..<80 {
      let middle = (low + high) / 2
      // The upper tail keeps its digits near 1.
      if erfc(middle / 2.0.squareRoot()) / 2 > 1 - probability {
        low = middle
      } else {
        high = middle
      }
    }
    return high
  }
}
