import OctetModel

/// How an activation's range is chosen from what it was seen to be.
public enum Calibrator: String, Sendable, CaseIterable {
  /// Whichever of the others gives the least error of the network's outputs on samples held back,
  /// for the whole and layer by layer. For a histogram alone the same as `meanSquareError`.
  case automatic = "auto"
  /// Everything that was seen: nothing is clipped.
  case minMax = "min-max"
  /// Leaves out the most extreme 0.01 % of the values on either side.
  case percentile
  /// The range with the least mean squared rounding-and-clipping error.
  case meanSquareError = "mse"
  /// The magnitude up to which a histogram in 128 steps is nearest to the whole one in information
  /// (TensorRT's entropy calibration).
  case divergence = "kl"

  /// The share of values that `percentile` keeps below the upper and above the lower end.
  public static let percentileShare = 0.9999

  /// The range for the values in `histogram`; it holds zero and is inside the seen range.
  package func range(_ histogram: ValueCounts) -> ValueRange {
    let seen = ValueRange(lower: histogram.lower, upper: histogram.upper)
    guard seen.upper > seen.lower else { return seen }
    switch self {
    case .minMax: return seen
    case .percentile: return percentileRange(histogram)
    case .divergence:
      let threshold = histogram.divergenceThreshold
      return ValueRange(lower: max(seen.lower, -threshold), upper: min(seen.upper, threshold))
    case .automatic, .meanSquareError: return leastErrorRange(histogram, within: seen)
    }
  }

  private func percentileRange(_ histogram: ValueCounts) -> ValueRange {
    let tail = Double(histogram.totalCount) * (1 - Self.percentileShare)
    // Zeros count on both sides of the distribution only as mass, never as a tail.
    var lowerBin = 0
    var mass = 0.0
    while lowerBin < ValueCounts.binCount - 1, histogram.center(lowerBin) < 0 {
      mass += Double(histogram.counts[lowerBin])
      if mass > tail { break }
      lowerBin += 1
    }
    var upperBin = ValueCounts.binCount - 1
    mass = 0
    while upperBin > 0, histogram.center(upperBin) > 0 {
      mass += Double(histogram.counts[upperBin])
      if mass > tail { break }
      upperBin -= 1
    }
    return ValueRange(
      lower: min(0, histogram.lower + Float(lowerBin) * histogram.step),
      upper: max(0, histogram.lower + Float(upperBin + 1) * histogram.step))
  }

  /// Shrinks either end in turn in steps of 1/64 while the error falls.
  private func leastErrorRange(_ histogram: ValueCounts, within seen: ValueRange)
    -> ValueRange
  {
    let bins = histogram.counts.indices.filter { histogram.counts[$0] > 0 }
      .map { (value: histogram.center($0), count: Double(histogram.counts[$0])) }
    var best = seen
    var bestError = squaredError(bins, best)
    for _ in 0..<2 {
      for end in [\ValueRange.upper, \ValueRange.lower] where seen[keyPath: end] != 0 {
        for numerator in 8...64 {
          var candidate = best
          candidate[keyPath: end] = seen[keyPath: end] * Float(numerator) / 64
          let error = squaredError(bins, candidate)
          if error < bestError { (best, bestError) = (candidate, error) }
        }
      }
    }
    return best
  }

  /// Σ (x − Q(x))² over bins, Q being int8 with the scale and zero point of `range`.
  private func squaredError(
    _ bins: [(value: Float, count: Double)], _ range: ValueRange
  ) -> Double {
    let (scale, zeroPoint) = range.quantization
    let inverse = 1 / scale
    var sum = 0.0
    for bin in bins {
      let code = TieRule.awayFromZero.code(
        steps: Double(bin.value * inverse), zeroPoint: zeroPoint)
      let error = bin.value - Float(code - zeroPoint) * scale
      sum += bin.count * Double(error * error)
    }
    return sum
  }
}

/// The real values that an activation's codes span; zero is always inside.
public struct ValueRange: Sendable, Equatable {
  /// The least value, at most 0.
  public var lower: Float
  /// The greatest value, at least 0.
  public var upper: Float

  /// The range of two values, with 0 taken in.
  public init(lower: Float, upper: Float) {
    self.lower = min(lower, 0)
    self.upper = max(upper, 0)
  }

  /// The least range that holds both.
  public func union(_ other: ValueRange) -> ValueRange {
    ValueRange(lower: min(lower, other.lower), upper: max(upper, other.upper))
  }

  /// The scale and zero point that map the range to −128…127 with 0.0 exactly representable.
  public var quantization: (scale: Float, zeroPoint: Int32) {
    let scale = (upper - lower) / 255
    guard scale > 0, scale.isNormal else { return (1, 0) }
    return (scale, TieRule.awayFromZero.code(steps: Double(-128 - lower / scale)))
  }
}
