import OctetEvaluation
import OctetModel
import OctetReport

extension DiffReport.Cause {
  /// How two normalisations differ, by name.
  init(_ given: Normalization?, _ own: Normalization?, channelCount: Int) {
    func lines(_ normalization: Normalization?) -> [[Float]] {
      (0..<channelCount).map { channel in
        let (mean, deviation) = normalization?.of(channel) ?? (0, 1)
        return [mean, deviation]
      }
    }
    let (given, own) = (lines(given), lines(own))
    // 0…1, −1…1 and 0…255: no data set's own.
    let plain: [[Float]] = [[0, 1], [0.5, 0.5], [0, 1 / 255]]
    let arePlain = (given + own).allSatisfy { line in
      plain.contains { abs($0[0] - line[0]) < 1e-3 && abs($0[1] / line[1] - 1) < 0.01 }
    }
    if given != own, given == Array(own.reversed()) {
      self = .inputChannelOrder
    } else {
      self = arePlain ? .inputScale : .inputNormalization
    }
  }
}

/// A layer with one weight a channel that reads the images: what a network does itself to normalise
/// them.
struct InputAffine {
  private let pair: WeightPair
  private let own, given: [(mean: Double, deviation: Double)]

  /// Nil where the layer does more than that.
  init?(_ pair: WeightPair) {
    let count = pair.channelCount
    func lines(_ weights: [Float], _ bias: [Float]) -> [(mean: Double, deviation: Double)] {
      (0..<count).map {
        (-Double(bias[$0]) / Double(weights[$0]), 1 / Double(weights[$0]))
      }
    }
    guard (2...4).contains(count), pair.own.count == count, pair.lost.isEmpty,
      (pair.own + pair.given).allSatisfy({ $0 != 0 })
    else { return nil }
    self.pair = pair
    own = lines(pair.own, pair.ownBias)
    given = lines(pair.given, pair.givenBias)
  }

  /// Nil where the two do the same, but for rounding.
  func finding() -> DiffReport.Finding? {
    let (means, deviations) = (order(\.mean), order(\.deviation))
    if means == .same, deviations == .same { return nil }
    let text =
      "it takes \(list(own.map(\.mean))) off its input and divides it by "
      + "\(list(own.map(\.deviation))), where the reference takes off \(list(given.map(\.mean))) "
      + "and divides by \(list(given.map(\.deviation)))"
    if means != .other, deviations != .other {
      return .init(
        .inputChannelOrder, text + ": those of its channels stand in reverse order (BGR for RGB)",
        severity: 900)
    }
    let ratios = zip(own, given).map { $0.deviation / $1.deviation }
    let isScale =
      ratios.allSatisfy { abs($0 / ratios[0] - 1) < Self.tolerance }
      && [255, 256, 127.5, 128].contains { factor in
        [factor, 1 / factor].contains { abs(ratios[0] / $0 - 1) < Self.tolerance }
      }
    return .init(isScale ? .inputScale : .inputNormalization, text, severity: 900)
  }

  private enum Order { case same, reversed, other }

  /// What rounding to eight bits leaves of such a number.
  private static let tolerance = 0.01

  private func order(_ part: ((mean: Double, deviation: Double)) -> Double) -> Order {
    let (own, given) = (own.map(part), given.map(part))
    let size = given.map { abs($0) }.max() ?? 0
    let least = (pair.isFloat ? 0.1 : 1) * Self.tolerance * size
    if zip(own, given).allSatisfy({ abs($0 - $1) <= least }) { return .same }
    return zip(own, given.reversed()).allSatisfy { abs($0 - $1) <= least } ? .reversed : .other
  }

  private func list(_ values: [Double]) -> String {
    values.map(\.short).joined(separator: ", ")
  }
}
