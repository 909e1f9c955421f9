import Foundation

/// Finds out what a layer suffers from.
///
/// Local figures only: the layer's input is exact, so a layer is never blamed for what came before.
/// Facts (weights and biases against the float model's, a constant channel) go before statistics.
struct Diagnosis {
  typealias Finding = DiffReport.Finding

  let facts: DiffContext.Layer
  let sums: LayerSums
  /// Whether codes that nobody uses are this layer's fault, or that of one before it.
  let wastesItself: Bool
  /// Whether both models compute in real numbers, so that nothing is rounded.
  let isFloatPair: Bool
  let normalizationNote: String?
  let normalizationCause: DiffReport.Cause

  /// What each layer is compared with; a healthy layer is far from all of them.
  enum Limit {
    /// A grid so many times wider than the values has lost two bits, or three.
    static let wastedRatio = 4.0
    static let definiteWastedRatio = 8.0
    /// A grid that reaches so much farther than that of what the layer reads is its own fault.
    static let ownWastedRatio = 6.0
    /// Signal over what lies outside the grid, in dB.
    static let clippedDecibels = 25.0
    static let definiteClippedDecibels = 15.0
    /// The widest channel over the median channel.
    static let outlierRatio = 16.0
    static let definiteOutlierRatio = 32.0
    /// Steps that the median channel has left beside an outlier.
    static let outlierSteps = 16.0
    /// Weights along the float weights.
    static let deadGain = 0.1
    static let outlierGain = 3.0
    static let wrongGain = 0.3
    /// Steps that a constant channel must span in float to be called dead.
    static let deadSteps = 4.0
    static let coarseDecibels = 20.0
    /// What eight bits leave of a layer at least.
    static let eightBitDecibels = 26.0
    /// Between float models: weights of 16 bits and functions that come near leave more.
    static let floatDecibels = 36.0
    /// Less is no longer an error of the same values.
    static let strangeDecibels = 6.0
  }

  /// The gravest first.
  func findings() -> [Finding] {
    var found = structural()
    // Weights and ranges of what computes the same as the reference are no fault.
    if sums.isFlawless, found.isEmpty, !facts.isInput { return [] }
    if facts.isInput, let note = normalizationNote {
      found.append(
        Finding(
          kind: .inputNormalization, detail: note,
          remedy: normalizationCause.remedy,
          channel: nil, severity: 1000, isDefinite: true,
          cause: normalizationCause))
    }
    if found.isEmpty { found += strangers() }
    if found.contains(where: { $0.kind == .differentStructure }) { return found }
    // What is known by name need not be guessed at.
    found += facts.causes
    if !found.contains(where: \.isDefinite) {
      found += WeightDiagnosis(facts: facts, sums: sums).findings()
    }
    let grid = gridFindings()
    // What is cut off may be constant.
    if found.isEmpty, !grid.contains(where: { $0.kind == .clipped && $0.isDefinite }) {
      found += deadChannels()
    }
    found += grid
    found += outlierChannels()
    if found.isEmpty { found += coarseSteps() }
    return found.enumerated().sorted { a, b in
      let (x, y) = (a.element, b.element)
      if x.isDefinite != y.isDefinite { return x.isDefinite }
      return x.severity == y.severity ? a.offset < b.offset : x.severity > y.severity
    }.map(\.element)
  }

  /// How the layer differs apart from its numbers; the first with what computing it so showed.
  private func structural() -> [Finding] {
    let proven = facts.causes.first { $0.kind == .differentStructure }
    var found = facts.structure.map { detail in
      facts.causes.first { $0.detail == detail }
        ?? Finding(proven?.cause ?? .operationOther, detail, severity: 2000)
    }
    if found.isEmpty {
      found = proven.map { [$0] } ?? []
    } else if let proven, !found.contains(proven) {
      found[0].detail += "; " + (proven.detail.split(separator: "; ").last ?? "")
    }
    return found
  }

  /// Values that have nothing to do with the reference's, made of what the reference has not.
  private func strangers() -> [Finding] {
    let decibels = (sums.visible ?? sums.error).sqnrDecibels
    guard !facts.isInput, sums.local == nil, decibels < Limit.strangeDecibels else {
      return []
    }
    return [
      Finding(
        kind: .differentStructure,
        detail: "what it reads has no counterpart in the reference, and its error is "
          + decibels.underSignal,
        remedy: "compare with the model that this one was made from, or look where the two part",
        channel: nil, severity: 1500, isDefinite: true, cause: .operationOther)
    ]
  }

  // MARK: The grid

  private var grid: (lower: Double, upper: Double) { facts.grid }

  private func gridFindings() -> [Finding] {
    guard !facts.isFloat, !facts.hasGivenGrid else { return [] }
    if let found = mistakenScale() { return [found] }
    let values = values
    let decibels = sums.signal.decibels(over: sums.excess)
    if decibels < Limit.clippedDecibels {
      let detail =
        "values reach \(values.lower.short)…\(values.upper.short), the codes only "
        + "\(grid.lower.short)…\(grid.upper.short)"
      if clippingCause == .activationAdded {
        let clause = "it has a ReLU after it, which the reference has not: " + detail
        let found = Finding(.activationAdded, clause, severity: 2000)
        if decibels < Limit.definiteClippedDecibels { return [found] }
      }
      return [
        Finding(
          kind: .clipped, detail: detail,
          remedy: "give it the range \(values.lower.short)…\(values.upper.short): calibrate with "
            + "more images that look like the test set, or with min-max "
            + "(octet quantize --calibrator min-max)",
          channel: nil, severity: 45 - decibels,
          isDefinite: decibels < Limit.definiteClippedDecibels, cause: clippingCause)
      ]
    }
    let width = values.upper - values.lower
    let ratio = (grid.upper - grid.lower) / width
    // Of int16 what is lost is missed where fewer steps are left than int8 has.
    let loss = facts.isInt16 == true ? ratio / 256 * Limit.wastedRatio : ratio
    guard width > 0, loss > Limit.wastedRatio else { return [] }
    return [
      Finding(
        kind: .wastedRange,
        detail: "the codes reach \(ratio.short) times farther (\(grid.lower.short)…"
          + "\(grid.upper.short)) than the values (\(values.lower.short)…\(values.upper.short)), "
          + "which wastes \(log2(ratio).short) of \(facts.isInt16 == true ? 16 : 8) bits",
        remedy: "give it the range \(values.lower.short)…\(values.upper.short): calibrate without "
          + "the outliers (octet quantize --calibrator percentile or kl), or check the calibration "
          + "images",
        channel: nil, severity: 20 * log10(loss),
        isDefinite: loss >= Limit.definiteWastedRatio
          && wastesItself,
        cause: facts.isInput && isUsualFactor(ratio) ? .inputScale : .rangeTooWide)
    ]
  }

  /// An input on one usual scale of pixels, and codes for another.
  private func mistakenScale() -> Finding? {
    guard facts.isInput, normalizationNote == nil,
      let given = InputScale.matching(sums.range.withZero),
      let own = InputScale.matching(grid), given != own
    else { return nil }
    let (values, reach) = (given.range, own.range)
    if values.lower >= reach.lower - 0.01, values.upper <= reach.upper + 0.01 {
      // Quieter samples are none on another scale; and codes on either side of zero may be a
      // quantizer's way to have no zero points.
      let isHalf = values.lower == 0 && values.upper == reach.upper && facts.isSymmetric != true
      let ratio = (reach.upper - reach.lower) / (values.upper - values.lower)
      guard isHalf || !own.isPlain || ratio > Limit.wastedRatio else { return nil }
    }
    return Finding(
      given.isPlain && own.isPlain ? .inputScale : .inputNormalization,
      "it is fed \(sums.range.withZero.lower.short)…\(sums.range.withZero.upper.short) "
        + "(\(given.name)), where its codes are for "
        + "\(grid.lower.short)…\(grid.upper.short) (\(own.name))",
      severity: 900)
  }

  /// Codes that end where an activation or a usual scale of pixels does.
  private var clippingCause: DiffReport.Cause {
    let (grid, values) = (grid, values)
    if facts.isInput, isUsualFactor((values.upper - values.lower) / (grid.upper - grid.lower)) {
      return .inputScale
    }
    // Codes that begin at the very zero cut off all that is negative, as a ReLU does.
    let isCutBelow = grid.lower == 0 && values.lower < 0
    // Little is cut off above beside what is cut off below.
    let isCutAbove = values.upper - grid.upper > max(0.1 * grid.upper, -values.lower / 2)
    let reachesAsFar = !isCutAbove && grid.upper < 2 * values.upper
    if !facts.isInput, isCutBelow, reachesAsFar { return .activationAdded }
    let isActivation = [1.0, 6.0].contains { abs(grid.upper - $0) < 0.004 * $0 }
    return isActivation && grid.lower == 0 ? .activationOther : .rangeTooNarrow
  }

  /// Whether pixels on two usual scales differ so: 0…255, 0…1, −1…1 and −128…127.
  private func isUsualFactor(_ ratio: Double) -> Bool {
    [255, 256, 127.5, 128].contains { abs(ratio / $0 - 1) < 0.1 }
      || (abs(ratio / 2 - 1) < 0.1 && grid.lower == 0) || abs(ratio * 2 - 1) < 0.05
  }

  /// The float values that count, with zero.
  private var values: (lower: Double, upper: Double) {
    (sums.judgedRange.isEmpty ? sums.range : sums.judgedRange).withZero
  }

  // MARK: Channels

  /// Channels that are constant in int8 though the float values vary within the grid.
  private func deadChannels() -> [Finding] {
    guard !facts.isFloat, !facts.isInput else { return [] }
    let unread = Set(facts.unreadChannels ?? [])
    let dead = sums.channels.indices.filter { channel in
      // What nothing reads is missed by nobody: who ought to read it is at fault.
      if unread.contains(channel) { return false }
      let sums = sums.channels[channel]
      guard isVaried(sums.reference), !sums.weighted.isEmpty else { return false }
      // Its weights or bias make it constant, or its multiplier does.
      return sums.weighted.lower == sums.weighted.upper
        || (isVaried(sums.clamped) && sums.candidate.lower == sums.candidate.upper)
    }
    guard let first = dead.first else { return [] }
    let values = sums.channels[first].reference
    let others = dead.count == 1 ? "" : " and \(dead.count - 1) more"
    return [
      Finding(
        kind: .deadChannel,
        detail: "channel \(first)\(others) never changes in int8; in float it goes from "
          + "\(Double(values.lower).short) to \(Double(values.upper).short)",
        remedy: "check the weights, scale and bias of this channel in the int8 model; quantize the "
          + "float model anew",
        channel: first, severity: isLost(first) ? 30 : 110, isDefinite: true,
        cause: .channelsZeroed)
    ]
  }

  /// Whether a shrunk blob has the channel no more: perhaps for what came before it.
  private func isLost(_ channel: Int) -> Bool {
    guard let weights = facts.weights, weights.isCompared, channel < weights.channels.count else {
      return false
    }
    return weights.channels[channel].floatLower == nil
  }

  /// Whether the values span several steps within the grid.
  private func isVaried(_ bounds: Bounds) -> Bool {
    guard !bounds.isEmpty else { return false }
    let lower = max(Double(bounds.lower), facts.grid.lower)
    let upper = min(Double(bounds.upper), facts.grid.upper)
    return upper - lower >= Limit.deadSteps * Double(facts.scale)
  }

  /// One channel so much wider than the others that they are left with a few steps.
  private func outlierChannels() -> [Finding] {
    guard !facts.isFloat, !facts.hasGivenGrid, sums.channels.count >= 3 else { return [] }
    let widths = sums.channels.map { channel in
      let (lower, upper) = channel.reference.withZero
      return upper - lower
    }
    let sorted = widths.filter { $0 > 0 }.sorted()
    guard sorted.count >= 3, let top = sorted.last,
      let channel = widths.firstIndex(of: top), top.isFinite
    else { return [] }
    let median = sorted[(sorted.count - 1) / 2]
    let ratio = top / median
    let steps = median / Double(facts.scale)
    guard ratio >= Limit.outlierRatio, steps < Limit.outlierSteps else { return [] }
    return [
      Finding(
        kind: .outlierChannel,
        detail: "channel \(channel) is \(ratio.short) times as wide as the median channel, which "
          + "is left with \(steps.short) of \(2 * facts.codeLimit) steps",
        remedy: "divide this channel's weights and bias by \(ratio.short) and multiply the next "
          + "layer's weights for it by as much (octet quantize --equalize cross-layer does both)",
        channel: channel, severity: 20 * log10(ratio),
        isDefinite: ratio >= Limit.definiteOutlierRatio, cause: .outlierChannel)
    ]
  }

  private func coarseSteps() -> [Finding] {
    guard let decibels = sums.local?.sqnrDecibels else { return [] }
    if isFloatPair, decibels < Limit.floatDecibels {
      return [
        Finding(
          .operationOther,
          "its own error is \(decibels.underSignal), where two float models have next to none",
          severity: 140 - decibels)
      ]
    }
    guard decibels < Limit.coarseDecibels else { return [] }
    // Without weights of its own, and before anything is rounded, it is the reference's operator.
    if facts.weights == nil, let plain = sums.split?.report.weightRounding,
      plain < Limit.coarseDecibels
    {
      return [
        Finding(
          .operationOther,
          "it computes something else: of the same values, and before anything is rounded, its "
            + "results are \(plain.underSignal)", severity: 140 - plain)
      ]
    }
    return [
      Finding(
        kind: .coarseSteps,
        detail: "its own error is \(decibels.underSignal) with nothing else wrong",
        remedy: coarseRemedy,
        channel: nil, severity: 30 - decibels, isDefinite: false, cause: .eightBits)
    ]
  }

  /// What lessens the part of the error that is the largest.
  private var coarseRemedy: String {
    let general = DiffReport.Cause.eightBits.remedy
    guard let split = sums.split?.report else { return general }
    let most = min(split.weightRounding, split.activationRounding, split.requantization)
    if most == split.weightRounding {
      let isNarrow = facts.kind.hasSuffix("4")
      return
        "round its weights by what the layer makes of them (octet quantize --rounding adaround)"
        + (isNarrow ? ", or give them eight bits (without --weights int4 and --int4)" : "")
    }
    let names =
      most == split.activationRounding
      ? facts.int16Names?.sources ?? [] : [facts.int16Names?.own].compactMap(\.self)
    if names.isEmpty { return general }
    let whom = most == split.activationRounding ? "what it reads" : "its results"
    return "give \(whom) sixteen bits (octet quantize --int16 \(names.joined(separator: ","))), or "
      + "retrain with quantization in the loop"
  }
}

extension Double {
  /// A signal-to-noise ratio as where the error lies: `1.2 dB under its signal`.
  package var underSignal: String {
    self >= 0 ? "\(short) dB under its signal" : "\((-self).short) dB above its signal"
  }
}
