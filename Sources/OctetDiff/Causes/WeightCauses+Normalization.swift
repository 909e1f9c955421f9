import Foundation
import OctetModel
import OctetReport

extension WeightCauses {
  /// Whether a folded normalization explains the gains.
  func statistics(_ known: [Int], _ odd: [Int]) -> Finding? {
    guard let statistics = pair.statistics else { return nil }
    guard odd.count >= max(2, known.count / 4) else { return strongEpsilon(known, statistics) }
    func explains(_ expected: (Int) -> Double) -> Bool {
      known.count { abs(((gains[$0] ?? 0) / expected($0)) - 1) < 0.05 } * 10 >= known.count * 9
    }
    if explains({ 1 / statistics.factor($0) }) {
      return finding(
        .batchNormalizationNotFolded,
        "its weights are the reference's before the batch normalization was folded into them")
    }
    if explains({ 1 / statistics.gamma[$0] }) {
      return finding(
        .batchNormalizationOther, "its weights lack the batch normalization's gamma")
    }
    return epsilon(known, statistics)
  }

  /// An epsilon that most channels show.
  private func epsilon(_ known: [Int], _ statistics: NormalizationStatistics) -> Finding? {
    // Where most channels are as they should be, it is no normalization.
    guard known.count(where: { abs((gains[$0] ?? 0) - 1) > 0.05 }) * 4 >= known.count,
      let median = known.compactMap({ epsilon(of: $0, statistics) }).median
    else { return nil }
    return epsilon(median, known, statistics, share: 0.9)
  }

  /// An epsilon that only channels of little variance show: it must explain all channels.
  private func strongEpsilon(
    _ known: [Int], _ statistics: NormalizationStatistics
  ) -> Finding? {
    func size(_ channel: Int) -> Double { abs(log(max(abs(gains[channel] ?? 1), 1e-9))) }
    guard known.count(where: { size($0) > 0.02 }) >= 2,
      let worst = known.max(by: { size($0) < size($1) }),
      let epsilon = epsilon(of: worst, statistics)
    else { return nil }
    return self.epsilon(epsilon, known, statistics, share: 1)
  }

  /// The epsilon that gives a channel its factor.
  private func epsilon(of channel: Int, _ statistics: NormalizationStatistics) -> Double? {
    guard let gain = gains[channel], gain > 0 else { return nil }
    let variance = statistics.variance[channel]
    return (variance + statistics.epsilon) / (gain * gain) - variance
  }

  /// - Parameter share: of the channels that it must explain.
  private func epsilon(
    _ value: Double, _ known: [Int], _ statistics: NormalizationStatistics, share: Double
  ) -> Finding? {
    guard value > 0, value / statistics.epsilon > 2 || value / statistics.epsilon < 0.5 else {
      return nil
    }
    let explained = known.count { channel in
      let factor = statistics.variance[channel] + statistics.epsilon
      let expected = (factor / (statistics.variance[channel] + value)).squareRoot()
      return abs((gains[channel] ?? 0) / expected - 1) < 0.03
    }
    guard Double(explained) >= share * Double(known.count) else { return nil }
    return finding(
      .batchNormalizationEpsilon,
      "its weights fit a batch normalization with an epsilon of \(value.short), where the "
        + "reference has \(statistics.epsilon.short)")
  }
}
