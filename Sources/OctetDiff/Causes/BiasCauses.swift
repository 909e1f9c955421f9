import Foundation
import OctetEvaluation
import OctetModel
import OctetReport

/// What is wrong with a layer's biases, by name: what makes the candidate's of the reference's.
struct BiasCauses {
  typealias Finding = DiffReport.Finding

  let pair: WeightPair
  /// The step of the layer's results; 0 of a float candidate.
  private var step: Double

  /// The channels that are compared, and their biases.
  private let channels: [Int]
  private var own: [Double]
  /// The reference's, or what a quantizer makes of them so that rounded weights shift nothing.
  private var given: [Double]
  /// The reference's own.
  private var plain: [Double]
  /// The mean of each input of the weights.
  private let means: () -> [Double]?

  init(pair: WeightPair, step: Double, means: @escaping () -> [Double]?) {
    self.means = means
    self.pair = pair
    self.step = step
    let channels = (0..<pair.channelCount).filter { !pair.lost.contains($0) }
    self.channels = channels
    own = channels.map { Double(pair.ownBias[$0]) }
    plain = channels.map { Double(pair.givenBias[$0]) }
    given = plain
  }

  private static let explained = 20.0
  private static let better = 10.0

  /// The gravest; nil where the biases are the reference's, or a quantizer's that makes good for
  /// rounded weights.
  func finding() -> Finding? {
    guard own.allSatisfy(\.isFinite), given.allSatisfy(\.isFinite) else { return nil }
    let error = norm(zip(own, given).map { $0 - $1 })
    // What makes good for weights of four bits may be larger than the biases.
    if !pair.isNarrow, let found = plainFinding() { return found }
    guard error > 0.05 * norm(given), let even = evened() else { return nil }
    return even.plainFinding()
  }

  /// The same beside biases that make good for the rounding of the weights.
  private func evened() -> BiasCauses? {
    guard let means = means() else { return nil }
    var all = [Double](repeating: 0, count: pair.channelCount)
    for (position, weight) in pair.own.enumerated() {
      all[pair.channel(of: position)] +=
        Double(weight - pair.given[position]) * means[position % means.count]
    }
    // Where next to all of a bias makes good for rounding, nothing follows from it.
    guard norm(channels.map { all[$0] }) < 0.7 * norm(plain) else { return nil }
    var even = self
    even.given = zip(given, channels).map { $0 - all[$1] }
    return even
  }

  private func plainFinding() -> Finding? {
    let size = norm(given)
    let error = norm(zip(own, given).map { $0 - $1 })
    let largest = given.map { abs($0) }.max() ?? 0
    let worst = zip(own, given).map { abs($0 - $1) }.max() ?? 0
    if own.contains(where: { $0 != 0 }), let found = saturated() ?? truncated() { return found }
    // A quantizer may still make good for rounded weights.
    if size > 0, norm(own) < 0.02 * size {
      if own.count > 2, let found = scaled() { return found }
      // Biases that are less than a step anywhere are none.
      guard largest > step / 4 else { return nil }
      let size = own.allSatisfy { $0 == 0 } ? "zero" : "next to zero"
      return finding(
        .biasDropped,
        "all \(own.count) biases are \(size); in the reference they reach \(largest.short)")
    }
    if let found = offset() ?? zeroPoint(error) { return found }
    guard size > 0, error > (pair.isFloat ? 0.02 : 0.25) * size, worst > step / 2 else {
      return nil
    }
    return recognized() ?? changed(worst)
  }

  private func finding(
    _ cause: DiffReport.Cause, _ detail: String, channel: Int? = nil, severity: Double = 100
  ) -> Finding {
    .init(cause, detail, channel: channel.map { channels[$0] }, severity: severity)
  }

  private func norm(_ values: [Double]) -> Double {
    values.reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// How well `values` explain the biases, in dB.
  private func decibels(_ values: [Double]) -> Double {
    let noise = norm(zip(own, values).map { $0 - $1 })
    return noise == 0 ? 200 : 20 * log10(norm(own) / noise)
  }

  private func explains(_ values: [Double]) -> Bool {
    decibels(values)
      > max(Self.explained, max(decibels(given), decibels(plain)) + Self.better)
  }

  // MARK: Codes

  /// Biases at the last code of a width.
  private func saturated() -> Finding? {
    guard let scales = biasScales else { return nil }
    for (bits, last) in [(32, 2_147_483_647.0), (16, 32767), (8, 127)] {
      let full = own.indices.filter { channel in
        // Reals are held in 24 bits.
        let steps = abs(own[channel]) / scales[channel]
        guard abs(steps - last) <= max(1, last / 1e6) + 0.01 else { return false }
        // The reference's bias is clearly beyond it.
        return abs(given[channel]) > 1.05 * abs(own[channel])
          && own[channel] * given[channel] > 0
      }
      // None is beyond, and in few bits one may stand there by chance.
      guard let first = full.first, bits == 32 || full.count > 1,
        own.indices.allSatisfy({ abs(own[$0]) / scales[$0] < last + 1 + last / 1e6 })
      else { continue }
      return finding(
        .biasSaturated,
        "\(full.count) of its biases stand at the last \(bits)-bit integer: that of channel "
          + "\(channels[first]) is \(own[first].short), where the reference has "
          + given[first].short,
        channel: first)
    }
    return nil
  }

  /// Biases of which only the low bits were kept.
  private func truncated() -> Finding? {
    guard let scales = biasScales else { return nil }
    for bits in [16, 8] {
      let size = Double(1 << bits)
      let wraps = own.indices.map { ((own[$0] - plain[$0]) / scales[$0] / size).rounded() }
      guard let first = wraps.firstIndex(where: { $0 != 0 }),
        own.indices.allSatisfy({ channel in
          let off = (own[channel] - plain[channel]) / scales[channel] - wraps[channel] * size
          return abs(own[channel]) / scales[channel] <= size / 2 + 1 && abs(off) < size / 16
        })
      else { continue }
      return finding(
        .biasSaturated,
        "only the low \(bits) bits of its biases are left: that of channel \(channels[first]) is "
          + "\(own[first].short), where the reference has \(plain[first].short)",
        channel: first)
    }
    return nil
  }

  /// A difference that goes with the sum of each channel's weights: a zero point that was not, or
  /// wrongly, folded in.
  private func zeroPoint(_ error: Double) -> Finding? {
    guard pair.inputScale > 0, own.count > 2 else { return nil }
    var all = [Double](repeating: 0, count: pair.channelCount)
    for (position, weight) in pair.own.enumerated() {
      all[pair.channel(of: position)] += Double(weight) * pair.inputScale
    }
    let sums = channels.map { all[$0] }
    let off = zip(own, given).map { $0 - $1 }
    let square = sums.reduce(0) { $0 + $1 * $1 }
    guard square > 0 else { return nil }
    let steps = zip(off, sums).reduce(0) { $0 + $1.0 * $1.1 } / square
    let rest = norm(zip(off, sums).map { $0 - steps * $1 })
    guard abs(steps) > 0.6, abs(steps - steps.rounded()) < 0.15, rest < 0.2 * error,
      rest < 0.4 * norm(zip(own, plain).map { $0 - $1 })
    else {
      return nil
    }
    return finding(
      .biasZeroPoint,
      "its biases are off by \(steps.rounded().short) steps of its input times the sum of its "
        + "weights: the zero point of its input is off by \(abs(steps).rounded().short)",
      severity: 105)
  }

  // MARK: Others

  private func recognized() -> Finding? {
    if explains(given.map { -$0 }) {
      return finding(.biasSign, "its biases have the other sign")
    }
    if let statistics = pair.statistics {
      let lost = zip(given, channels).map {
        $0 - statistics.beta[$1] + statistics.mean[$1] * statistics.factor($1)
      }
      let unscaled = zip(lost, channels).map { $0 / statistics.factor($1) }
      if explains(lost) || explains(unscaled) {
        return finding(
          .batchNormalizationNotFolded,
          "its biases lack the batch normalization's mean and beta")
      }
      let parts = zip(given, channels).map { bias, channel in
        (
          bias - statistics.beta[channel],
          bias + statistics.mean[channel] * statistics.factor(channel)
        )
      }
      for (values, name) in [(parts.map(\.0), "beta"), (parts.map(\.1), "mean")]
      where explains(values) {
        return finding(
          .batchNormalizationOther, "its biases lack the batch normalization's \(name)")
      }
    }
    if let found = exchanged() ?? inCodes?.exchanged() ?? byteOrder() ?? scaled() { return found }
    if let found = scaledByWeights() { return found }
    for other in pair.others where other.bias.count == pair.channelCount {
      if explains(channels.map { Double(other.bias[$0]) }) {
        return finding(
          .otherLayersBias, "its biases are those of the reference's layer '\(other.name)'")
      }
    }
    return nil
  }

  /// The same in steps of each channel's accumulators: integers in another order have the right
  /// scales and nothing else.
  private var inCodes: BiasCauses? {
    guard let scales = biasScales, Set(scales).count > 1 else { return nil }
    var codes = self
    codes.own = zip(own, scales).map { $0 / $1 }
    codes.given = zip(given, scales).map { $0 / $1 }
    codes.plain = zip(plain, scales).map { $0 / $1 }
    codes.step = 0
    return codes
  }

  private func scaled() -> Finding? {
    let gain =
      zip(own, given).reduce(0) { $0 + $1.0 * $1.1 }
      / max(given.reduce(0) { $0 + $1 * $1 }, 1e-300)
    guard gain != 0, own.count > 1 || abs(log2(abs(gain))) > 0.5,
      explains(given.map { $0 * gain })
    else { return nil }
    return finding(.biasScaled, "its biases are \(gain.short) times the reference's")
  }

  private func exchanged() -> Finding? {
    guard own.count > 2, Set(given).count > 2 else { return nil }
    let ranks = given.indices.sorted { given[$0] < given[$1] }
    let places = own.indices.sorted { own[$0] < own[$1] }
    var order = Array(own.indices)
    for (place, rank) in zip(places, ranks) { order[place] = rank }
    guard explains(order.map { given[$0] }),
      let first = order.indices.first(where: {
        order[$0] != $0 && abs(given[order[$0]] - given[$0]) > step / 2
      })
    else { return nil }
    return finding(
      .biasPermuted,
      "its biases are exchanged: that of channel \(channels[first]) is the reference's of "
        + "channel \(channels[order[first]])", channel: first)
  }

  /// The steps of the integers behind the biases, by channel; nil of a float candidate.
  private var biasScales: [Double]? {
    guard pair.inputScale > 0, pair.scales.count == 1 || pair.scales.count == pair.channelCount,
      pair.scales.allSatisfy({ $0 > 0 })
    else { return nil }
    return channels.map { Double(pair.scales[pair.scales.count == 1 ? 0 : $0]) * pair.inputScale }
  }

  /// Reals are held in 24 bits, so that it is the integers that tell.
  private func byteOrder() -> Finding? {
    let largest = given.map { abs($0) }.max() ?? 0
    var swapped: [Double]
    if let scales = biasScales, pair.biasCodes.count == pair.channelCount {
      swapped = zip(channels, scales).map { Double(pair.biasCodes[$0].byteSwapped) * $1 }
    } else if pair.scales.isEmpty {
      swapped = channels.map {
        Double(Float(bitPattern: pair.ownBias[$0].bitPattern.byteSwapped))
      }
    } else {
      return nil
    }
    // Sums that would overflow are refused before, so that some may have been changed since.
    let right = zip(swapped, given).count { abs($0 - $1) < 0.05 * largest }
    let wrong = zip(own, given).count { abs($0 - $1) > 0.05 * largest }
    guard own.count > 1, 4 * right >= 3 * own.count, 4 * wrong >= 3 * own.count else { return nil }
    return finding(.biasByteOrder, "the bytes of its biases stand in reverse order")
  }

  /// One number on top of all biases.
  private func offset() -> Finding? {
    guard step > 0, own.count > 2 else { return nil }
    let off = zip(own, given).map { $0 - $1 }
    let mean = off.reduce(0, +) / Double(off.count)
    let steps = mean / step
    guard abs(steps) > 0.8, abs(steps - steps.rounded()) < 0.1,
      norm(off.map { $0 - mean }) < 0.1 * norm(off)
    else { return nil }
    return finding(
      .outputOffset,
      "all its biases are off by \(mean.short), which is \(steps.rounded().short) of its steps: "
        + "its results are not written with the zero point that they are read with", severity: 105)
  }

  /// A factor for each channel that goes with its weight scale.
  private func scaledByWeights() -> Finding? {
    guard pair.scales.count == pair.channelCount else { return nil }
    let scales = channels.map { pair.scales[$0] }
    for (power, text) in [(1.0, "times"), (-1.0, "divided by")] {
      let scaled = zip(given, scales).map { $0 * pow(Double($1), power) }
      let square = scaled.reduce(0) { $0 + $1 * $1 }
      let factor = zip(own, scaled).reduce(0) { $0 + $1.0 * $1.1 } / max(square, 1e-300)
      if explains(scaled.map { $0 * factor }) {
        return finding(
          .biasScaled,
          "its biases are at another scale than its accumulators: they are the reference's "
            + "\(text) the channel's weight scale")
      }
    }
    return nil
  }

  /// A few that are far off. Where all are, a quantizer may have made good for rounded weights, so
  /// the results decide.
  private func changed(_ worst: Double) -> Finding? {
    let off = zip(own, given).map { abs($0 - $1) }
    let others = off.count { $0 > worst / 4 }
    guard let channel = off.firstIndex(of: worst), worst > 8 * step,
      others == 1 || others * 4 <= off.count || pair.isFloat
    else { return nil }
    return finding(
      .biasOther,
      (others == 1 ? "" : "\(others) of its biases are off; ")
        + "the bias of channel \(channels[channel]) is \(own[channel].short), where the "
        + "reference has " + given[channel].short,
      channel: others == 1 ? channel : nil, severity: 95)
  }
}
