import Foundation
import OctetQuantization
import TestNetworks
import Testing

/// TensorRT's entropy calibration, beside its definition step by step.
@Suite struct DivergenceTests {
  /// The threshold of magnitudes in 2048 parts, as it is published.
  private func threshold(_ parts: [Double]) -> Double {
    var best = (index: parts.count, divergence: Double.infinity)
    for count in 128..<2048 {
      var reference = Array(parts[..<count])
      reference[count - 1] += parts[count...].reduce(0, +)
      var candidate = [Double](repeating: 0, count: count)
      let width = count / 128
      for level in 0..<128 {
        let own = level * width..<(level == 127 ? count : (level + 1) * width)
        let filled = own.filter { parts[$0] > 0 }
        let mean = own.reduce(0) { $0 + parts[$1] } / Double(max(filled.count, 1))
        for index in filled { candidate[index] = mean }
      }
      let (p, q) = (reference.reduce(0, +), candidate.reduce(0, +))
      var divergence = 0.0
      for index in reference.indices where reference[index] > 0 {
        let share = reference[index] / p
        divergence +=
          candidate[index] > 0 ? share * log(share / (candidate[index] / q)) : .infinity
      }
      if divergence < best.divergence - 1e-12 { best = (count, divergence) }
    }
    return best.divergence.isFinite ? (Double(best.index) + 0.5) / 2048 : 1
  }

  @Test(arguments: 1...6)
  func thresholdsAreThePublishedOnes(seed: Int) {
    var random = TestRandom(seed: seed)
    let isSigned = seed % 2 == 0
    let values = (0..<20_000).map { _ -> Float in
      var sum: Float = 0
      for _ in 0..<6 { sum += Float.random(in: -1...1, using: &random) }
      let value = sum * sum * sum / 20
      return isSigned ? value : max(0, value)
    }
    let (lower, upper) = (min(0, values.min() ?? 0), values.max() ?? 0)
    var histogram = ValueCounts(lower: lower, upper: upper)
    values.withUnsafeBufferPointer { histogram.add($0) }
    let reach = max(-lower, upper)
    var parts = [Double](repeating: 0, count: 2048)
    for value in values {
      parts[Int(min(2047, abs(value) / reach * 2048))] += 1
    }
    let wanted = Float(threshold(parts)) * reach
    let range = Calibrator.divergence.range(histogram)
    #expect(abs(range.upper - min(upper, wanted)) <= 1e-5 * reach)
    #expect(abs(range.lower - max(lower, -wanted)) <= 1e-5 * reach)
    #expect(wanted < reach, "something is clipped")
  }
}
