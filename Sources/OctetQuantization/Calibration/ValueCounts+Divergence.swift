import Foundation

extension ValueCounts {
  /// The steps that magnitudes have in int8.
  private static let levelCount = 128

  /// The magnitude from which on values may be clipped: of all that leave 128 … 2047 parts of the
  /// histogram, the one whose histogram in 128 steps diverges least from the histogram itself, with
  /// what is clipped in its last part.
  ///
  /// Source: Migacz, "8-bit Inference with TensorRT", GTC 2017: P are the first i parts, what lies
  /// beyond added to the last; Q are the same parts, without what lies beyond, in 128 levels of
  /// i / 128 parts (the last takes the rest), each spread evenly over those of its parts that are
  /// not empty; Σ P · log(P / Q) is least. The threshold is (i + ½) parts. Zeros are in the first
  /// part.
  var divergenceThreshold: Float {
    var parts = (magnitudes.isEmpty ? folded : magnitudes).map { Double($0) }
    parts[0] += Double(zeroCount)
    let sums = PrefixSums(parts)
    var best = (count: Self.binCount, divergence: Double.infinity)
    for count in Self.levelCount..<Self.binCount {
      let divergence = sums.divergence(of: count, levels: Self.levelCount)
      if divergence < best.divergence { best = (count, divergence) }
    }
    // Nothing is clipped where every threshold loses what cannot be told apart.
    guard best.divergence.isFinite else { return reach }
    return min(reach, (Float(best.count) + 0.5) * reach / Float(Self.binCount))
  }

  /// Values of one sign, by magnitude.
  private var folded: [UInt64] { upper > 0 ? counts : counts.reversed() }
}

/// Sums over the first parts of a histogram, so that a divergence takes a few steps a level.
private struct PrefixSums {
  private let parts: [Double]
  /// What the first i parts have: how many values, Σ n · log n, and how many parts are not empty.
  private var mass = [0.0]
  private var entropy = [0.0]
  private var filled = [0.0]

  init(_ parts: [Double]) {
    self.parts = parts
    for part in parts {
      mass.append(mass[mass.count - 1] + part)
      entropy.append(entropy[entropy.count - 1] + (part > 0 ? part * log(part) : 0))
      filled.append(filled[filled.count - 1] + (part > 0 ? 1 : 0))
    }
  }

  /// Σ P · log(P / Q) for the first `count` parts; infinite where P is where Q is not.
  func divergence(of count: Int, levels: Int) -> Double {
    let (total, inside) = (mass[parts.count], mass[count])
    guard inside > 0 else { return .infinity }
    let last = parts[count - 1]
    let clipped = last + total - inside
    if last == 0, clipped > 0 { return .infinity }
    let own = entropy[count] + (last > 0 ? clipped * log(clipped) - last * log(last) : 0)
    var crossed = 0.0
    let width = count / levels
    for level in 0..<levels {
      let (from, to) = (level * width, level == levels - 1 ? count : (level + 1) * width)
      let values = mass[to] - mass[from]
      guard values > 0 else { continue }
      let inP = to == count ? values + clipped - last : values
      crossed += inP * log(values / (filled[to] - filled[from]))
    }
    return (own - crossed) / total - log(total) + log(inside)
  }
}
