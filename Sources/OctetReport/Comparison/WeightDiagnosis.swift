import Foundation

/// What is wrong with a layer's weights and biases.
struct WeightDiagnosis {
  typealias Finding = DiffReport.Finding
  private typealias Limit = Diagnosis.Limit

  let facts: DiffContext.Layer
  let sums: LayerSums

  /// Weights that alone leave less signal over the error have little to do with the reference's.
  static let unlikeDecibels = 10.0
  /// Weights of one layer, rounded or scaled, point the same way.
  static let likeCosine = 0.8
  private static let unlikeSeverity = 150.0

  func findings() -> [Finding] {
    guard let weights = facts.weights else { return [] }
    if weights.isCompared { return compared(weights) + codeFindings() }
    return functional() + codeFindings()
  }

  // MARK: Beside the float weights

  private func compared(_ weights: DiffReport.Weights) -> [Finding] {
    let known = weights.channels.indices.filter { weights.channels[$0].gain != nil }
    let gains = known.map { weights.channels[$0].gain ?? 1 }
    guard !gains.isEmpty else { return biases(weights) }
    let median = gains.sorted()[gains.count / 2]
    if abs(median - 1) > Limit.wrongGain, known.count > 1 || abs(log2(abs(median) + 1e-9)) > 1 {
      return [wholeLayer(median)]
    }
    if let top = zip(known, gains).max(by: { abs($0.1) < abs($1.1) }), top.1 > Limit.outlierGain {
      return [scaled(top.0, top.1)]
    }
    let largest = weights.channels.map(floatSize).max() ?? 0
    let dead = zip(known, gains).filter { channel, gain in
      abs(gain) < Limit.deadGain && floatSize(weights.channels[channel]) > 0.01 * largest
    }.map(\.0)
    if let first = dead.first { return [deadByWeights(first, count: dead.count)] }
    if let wrong = zip(known, gains).first(where: { abs($0.1 - 1) > 0.5 }) {
      return [
        Finding(
          kind: .weightsWrong,
          detail: "the weights of channel \(wrong.0) are \(wrong.1.short) times the float model's",
          remedy: "quantize this float model anew, or compare with the one that was quantized",
          channel: wrong.0, severity: 105, isDefinite: true, cause: .channelScaled)
      ]
    }
    return biases(weights)
  }

  private func floatSize(_ channel: DiffReport.Weights.Channel) -> Float {
    max(abs(channel.floatLower ?? 0), abs(channel.floatUpper ?? 0))
  }

  private func wholeLayer(_ median: Double) -> Finding {
    if median > 0, median < 1, facts.saturatedWeightShare > 0.05 {
      let share = (100 * facts.saturatedWeightShare).short
      return Finding(
        kind: .clipped,
        detail: "its weights are clipped: \(share) % of them stand at the last code",
        remedy: "choose the weight scales from the largest weight of each channel",
        channel: nil, severity: 130, isDefinite: true, cause: .weightsClipped)
    }
    return Finding(
      kind: .weightsWrong,
      detail: "its weights are \(median.short) times the float model's",
      remedy: "check the weight scales, and that this blob was made from this float model",
      channel: nil, severity: 130, isDefinite: true, cause: .weightsScaled)
  }

  private func scaled(_ channel: Int, _ gain: Double) -> Finding {
    Finding(
      kind: .outlierChannel,
      detail: "the weights of channel \(channel) are \(gain.short) times the float model's",
      remedy: "check this channel's weight scale; quantize the float model anew",
      channel: channel, severity: 120, isDefinite: true, cause: .channelScaled)
  }

  private func deadByWeights(_ channel: Int, count: Int) -> Finding {
    let others = count == 1 ? "" : " and \(count - 1) more"
    return Finding(
      kind: .deadChannel,
      detail: "the weights of channel \(channel)\(others) are zero in int8 but not in float",
      remedy: "check this channel's weights and weight scale; quantize the float model anew with "
        + "one weight scale a channel",
      channel: channel, severity: 115, isDefinite: true, cause: .channelsZeroed)
  }

  private func biases(_ weights: DiffReport.Weights) -> [Finding] {
    let pairs = weights.channels.compactMap { channel -> (float: Double, int8: Double)? in
      guard let bias = channel.floatBias, let own = channel.int8Bias else { return nil }
      return (Double(bias), Double(own))
    }
    // Of biases that are no numbers nothing can be said; shards save them as none.
    guard pairs.count == weights.channels.count else { return [] }
    let size = pairs.reduce(0) { $0 + $1.float * $1.float }.squareRoot()
    let error = pairs.reduce(0) { $0 + ($1.float - $1.int8) * ($1.float - $1.int8) }.squareRoot()
    let largest = pairs.map { abs($0.float) }.max() ?? 0
    guard size > 0, error > 0.5 * size else { return [] }
    let isDropped = pairs.allSatisfy { $0.int8 == 0 }
    let worst = pairs.map { abs($0.float - $0.int8) }.max() ?? 0
    // Biases may also make good for what earlier layers put wrong: what they put wrong on exact
    // inputs is then no more than eight bits do.
    let isHealthy = (sums.split?.report.weightRounding ?? 0) > Limit.eightBitDecibels
    guard isDropped || (worst > Double(facts.scale) && !isHealthy && shiftsResults(weights)) else {
      return []
    }
    return [
      Finding(
        kind: .biasWrong,
        detail: isDropped
          ? "all \(pairs.count) biases are zero; in float they reach \(largest.short)"
          : "the biases are off by up to \(worst.short); in float they reach \(largest.short)",
        remedy: "take the biases over as int32 at input scale × weight scale; check that the "
          + "exporter kept them",
        channel: nil, severity: 100, isDefinite: true, cause: isDropped ? .biasDropped : .biasOther)
    ]
  }

  /// Whether the results are off by what the biases are off. Quantizers may change biases to make
  /// good for rounded weights; then the results are not shifted.
  private func shiftsResults(_ weights: DiffReport.Weights) -> Bool {
    var (agreement, size, shifts) = (0.0, 0.0, 0.0)
    for (channel, sums) in zip(weights.channels, sums.channels) where sums.activeCount > 0 {
      guard let float = channel.floatBias else { continue }
      let off = Double(channel.int8Bias ?? 0) - Double(float)
      let shift = (sums.otherSum.value - sums.sum.value) / Double(sums.activeCount)
      agreement += off * shift
      size += off * off
      shifts += shift * shift
    }
    // In size, and in every channel alike: rounded weights before shift results as well.
    return size > 0 && agreement > 0.5 * size && agreement > 0.7 * (size * shifts).squareRoot()
  }

  // MARK: The codes alone

  private func codeFindings() -> [Finding] {
    let codes = facts.weightCodes.filter { $0 > 0 }.sorted()
    guard let top = codes.last else { return [] }
    if top <= 31 {
      return [
        Finding(
          kind: .wastedRange,
          detail: "its weights use only the codes up to ±\(top) of ±127",
          remedy: "choose the weight scales from the largest weight of each channel", channel: nil,
          severity: 20 * log10(127 / Double(top)), isDefinite: top <= 15,
          cause: .fewBits)
      ]
    }
    let median = codes[codes.count / 2]
    guard codes.count >= 3, Double(top) / Double(median) >= Limit.outlierRatio,
      let channel = facts.weightCodes.firstIndex(of: top)
    else { return [] }
    let ratio = Double(top) / Double(median)
    return [
      Finding(
        kind: .outlierChannel,
        detail: "the weights of channel \(channel) are \(ratio.short) times the median channel's, "
          + "and one scale serves them all",
        remedy: "quantize with one weight scale a channel", channel: channel,
        severity: 60 + 20 * log10(ratio), isDefinite: ratio >= Limit.definiteOutlierRatio,
        cause: .perTensorScale)
    ]
  }

  // MARK: By what the layer computes

  /// Where weights stand in another order than the float model's, the operator's results tell.
  private func functional() -> [Finding] {
    guard let split = sums.split?.report, split.weightRounding < 15 else { return [] }
    let lines = sums.channels.map(\.line)
    let known = lines.indices.filter { lines[$0] != nil }
    let gains = known.map { lines[$0]?.gain ?? 1 }
    guard !gains.isEmpty else { return [] }
    let median = gains.sorted()[gains.count / 2]
    if median < Limit.wrongGain, split.weightRounding < 6 { return [unlike(split)] }
    if abs(median - 1) > Limit.wrongGain { return [wholeLayer(median)] }
    if let top = zip(known, gains).max(by: { $0.1 < $1.1 }), top.1 > Limit.outlierGain {
      return [scaled(top.0, top.1)]
    }
    if let low = zip(known, gains).min(by: { $0.1 < $1.1 }), low.1 < Limit.deadGain {
      return [deadByWeights(low.0, count: 1)]
    }
    let offsets = known.map { abs(lines[$0]?.offset ?? 0) }.sorted()
    if offsets[offsets.count / 2] > 2 * Double(facts.scale) {
      return [
        Finding(
          kind: .biasWrong,
          detail: "its results are shifted by \(offsets[offsets.count / 2].short) in the median "
            + "channel",
          remedy: "check that the exporter kept the biases", channel: nil, severity: 90,
          isDefinite: true, cause: .biasOther)
      ]
    }
    return [unlike(split)]
  }

  private func unlike(_ split: DiffReport.ErrorSplit) -> Finding {
    let isUnlike = split.weightRounding < 6
    return Finding(
      kind: .weightsWrong,
      detail: "what its weights alone put wrong is \(split.weightRounding.underSignal)",
      remedy: "check that this blob was made from this float model", channel: nil,
      severity: (isUnlike ? Self.unlikeSeverity : 60) - split.weightRounding,
      isDefinite: isUnlike, cause: .foreignWeights)
  }
}
