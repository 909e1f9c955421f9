import Foundation
import OctetEvaluation
import OctetModel
import OctetReport

/// What is wrong with a layer's weights, by name: orders, signs, sizes and codes are tried out on
/// the reference's weights, and what makes the candidate's of them is the cause.
struct WeightCauses {
  typealias Finding = DiffReport.Finding

  let pair: WeightPair
  let name: String
  /// Whether the layer gives the model's class scores.
  let isScores: Bool
  let own: ChannelRows
  let given: ChannelRows
  let cosines: [Double?]
  let gains: [Double?]

  /// Rows that point the same way are one row.
  private static let sameCosine = 0.9
  /// The bound for float models, whose weights two exporters write alike to eight bits at least.
  private static let sameFloatCosine = 0.9995
  private static let sameFloatGain = 0.01
  /// What explains weights leaves them at least so much over the rest, in dB, and so much better
  /// than the reference's own order does.
  static let explained = 14.0
  static let better = 8.0
  static let severity = 140.0

  init(_ pair: WeightPair, name: String, isScores: Bool) {
    self.pair = pair
    self.name = name
    self.isScores = isScores
    own = ChannelRows(pair.own, shape: pair.shape, axis: pair.axis)
    given = ChannelRows(pair.given, shape: pair.shape, axis: pair.axis)
    cosines = own.cosines(with: given)
    let (own, given) = (own, given)
    gains = (0..<own.count).map { own.gain($0, over: given) }
  }

  /// The gravest first; empty where the weights are the reference's but for rounding.
  func findings() -> [Finding] {
    let base = pair.decibels(pair.given)
    let odd = oddRows
    if let shift = codeShift() { return [shift] }
    if let few = fewLevels(base), few.isDefinite { return [few] }
    if let moved = rotatedScales() { return [moved] }
    if let joined = joinedScale(), joined.isDefinite { return [joined] }
    if let found = lostScales() ?? corrupted() { return [found] }
    if isRounding { return precision(base) }
    guard !odd.isEmpty || base < Self.explained else { return precision(base) }
    if let found = reordered(base) ?? recoded(base) ?? resized(odd) ?? foreignChannels(odd) {
      return [found]
    }
    return strange(base)
  }

  /// Channels whose weights are clearly not the reference's.
  private var oddRows: [Int] {
    (0..<own.count).filter { row in
      guard let cosine = cosines[row], let gain = gains[row] else {
        // All zero on one side alone.
        let (a, b) = (own.range(row), given.range(row))
        return (a.lower, a.upper) != (b.lower, b.upper)
      }
      if pair.isFloat {
        return cosine < Self.sameFloatCosine || abs(gain - 1) > Self.sameFloatGain
      }
      return cosine < Self.sameCosine || abs(gain - 1) > 0.1
    }
  }

  func finding(
    _ cause: DiffReport.Cause, _ detail: String, channel: Int? = nil, severity: Double? = nil,
    isDefinite: Bool = true
  ) -> Finding {
    .init(
      cause, detail, channel: channel, severity: severity ?? Self.severity, isDefinite: isDefinite)
  }

  // MARK: Another order

  private func reordered(_ base: Double) -> Finding? {
    var best: (decibels: Double, cause: DiffReport.Cause, text: String)?
    let views = views
    for (cause, text, source) in WeightOrders(pair).all {
      for view in views {
        let decibels = pair.decibels(view.own, view.given, from: source)
        guard decibels > max(Self.explained, base + Self.better), decibels > best?.decibels ?? 0
        else { continue }
        best = (decibels, cause, text)
      }
    }
    // Columns that were exchanged are also read late or early, but for a few.
    if let columns = permutedColumns(), columns.decibels > (best?.decibels ?? 200) {
      return columns.finding
    }
    if let best {
      return finding(
        best.cause,
        "\(best.text): so ordered, the reference's weights leave "
          + "\(best.decibels.short) dB over the error instead of \(base.short) dB")
    }
    return permutedRows() ?? permutedColumns()?.finding ?? exchangedLayers(base)
  }

  private func permutedRows() -> Finding? {
    guard let order = own.permutation(of: given) else { return nil }
    let moved = order.indices.filter { order[$0] != $0 }
    guard let first = moved.first else { return nil }
    let what = isScores ? "class" : "channel"
    var text =
      "\(moved.count) of its \(order.count) output \(isScores ? "classes" : "channels") are "
      + "exchanged: row \(first) matches the reference's row \(order[first])"
    let shift = (order[0] + order.count) % order.count
    if moved.count == order.count, order.count > 2,
      order.indices.allSatisfy({ order[$0] == ($0 + shift) % order.count })
    {
      text += "; every \(what) is shifted by \(min(shift, order.count - shift))"
    }
    for multiplier in 2..<max(3, min(order.count, 65)) where order.count % multiplier == 0 {
      let count = order.count / multiplier
      if order.indices.allSatisfy({ order[$0] == $0 % count * multiplier + $0 / count }) {
        text += "; they stand as \(multiplier) blocks of \(count) instead of the other way round"
      }
    }
    return finding(.channelsPermuted, text, channel: first)
  }

  private func permutedColumns() -> (finding: Finding, decibels: Double)? {
    guard pair.axis == 0, let last = pair.shape.last, last > 1, pair.shape.count > 1,
      pair.own.count / last >= 4
    else { return nil }
    let axis = pair.shape.count - 1
    let columns = ChannelRows(pair.own, shape: pair.shape, axis: axis)
    let others = ChannelRows(pair.given, shape: pair.shape, axis: axis)
    guard let order = columns.permutation(of: others) else { return nil }
    let moved = order.indices.filter { order[$0] != $0 }
    guard let first = moved.first else { return nil }
    let ordered = pair.given.indices.map { pair.given[$0 / last * last + order[$0 % last]] }
    let found = finding(
      .inputChannelsPermuted,
      "\(moved.count) of its \(order.count) input channels are exchanged: column \(first) matches "
        + "the reference's column \(order[first])")
    return (found, pair.decibels(ordered))
  }

  private func exchangedLayers(_ base: Double) -> Finding? {
    for other in pair.others where other.weights.count == pair.own.count {
      let decibels = pair.decibels(other.weights)
      // Codes of another layer at this one's scales point the same way in every channel.
      let cosines = own.cosines(
        with: ChannelRows(other.weights, shape: pair.shape, axis: pair.axis))
      let isTurned = pair.own.count < 4 * own.count || !cosines.allSatisfy { $0 ?? 0 > 0.97 }
      if decibels > max(Self.explained, base + Self.better) || !isTurned {
        return finding(
          .otherLayersWeights,
          "its weights are those of the reference's layer '\(other.name)' "
            + "(\(decibels.short) dB over the error, \(base.short) dB with its own)"
            + (decibels > Self.explained ? "" : ", at its own scales"),
          severity: Self.severity + 5)
      }
    }
    return nil
  }

  // MARK: Another size

  private func resized(_ odd: [Int]) -> Finding? {
    let known = (0..<own.count).filter {
      cosines[$0] != nil && gains[$0] != nil && !pair.lost.contains($0)
    }
    let values = known.compactMap { gains[$0] }
    guard let median = values.median else { return nil }
    // A factor for each channel leaves their directions as they are.
    let isStraight = known.count { abs(cosines[$0] ?? 0) > 0.97 } * 10 >= known.count * 9
    if isStraight, let found = statistics(known, odd) { return found }
    let aligned = known.filter { abs(cosines[$0] ?? 0) > Self.sameCosine }
    guard 2 * aligned.count > known.count else { return nil }
    if let found = exchangedScales(known) { return found }
    if median < 0, values.allSatisfy({ abs($0 / median - 1) < 0.25 }) {
      return finding(
        .signFlipped, "all its weights have the other sign (\(median.short) times the reference's)")
    }
    if abs(median - 1) > 0.1, values.allSatisfy({ abs($0 / median - 1) < 0.1 }),
      let found = whole(median)
    {
      return found
    }
    return single(odd, known)
  }

  /// One factor; nil where more than rounding is left after it.
  private func whole(_ median: Double) -> Finding? {
    if median < 1, let found = clipped(0) { return found }
    guard pair.decibels(pair.given.map { $0 * Float(median) }) > Self.explained else { return nil }
    let power = log2(abs(median))
    let shift = power.rounded()
    let hint = abs(power - shift) < 0.03 ? ", as if a shift were off by \(Int(shift))" : ""
    return finding(
      .weightsScaled, "its weights are \(median.short) times the reference's" + hint, severity: 130)
  }

  /// Some channels alone.
  private func single(_ odd: [Int], _ known: [Int]) -> Finding? {
    let flipped = odd.filter { (gains[$0] ?? 0) < -0.5 && (cosines[$0] ?? 0) < -Self.sameCosine }
    if let first = flipped.first, flipped.count == odd.count {
      return finding(
        .signFlipped, "the weights of channel \(first)\(more(flipped)) have the other sign",
        channel: first, severity: 120)
    }
    let sizes = (0..<own.count).map { max(abs(given.range($0).lower), abs(given.range($0).upper)) }
    let largest = sizes.max() ?? 0
    let dead = odd.filter {
      abs(gains[$0] ?? (sizes[$0] > 0 ? 0 : 1)) < 0.1 && sizes[$0] > 0.01 * largest
        && max(abs(own.range($0).lower), abs(own.range($0).upper)) < 0.2 * sizes[$0]
    }
    let zeroed = dead.first.map { first in
      finding(
        .channelsZeroed,
        "the weights of channel \(first)\(more(dead)) are zero, where the reference's are not",
        channel: first, severity: 115)
    }
    // Beside others of other sizes, some near zero are what a normalization does, too.
    if dead.count == odd.count, let zeroed { return zeroed }
    // One factor for each channel is what a normalization does.
    let straight = pair.isFloat ? Self.sameFloatCosine : 0.98
    let scaled = odd.filter { abs(cosines[$0] ?? 0) > straight }
    guard scaled.count == odd.count,
      let first = odd.max(by: {
        abs(log(abs(gains[$0] ?? 1))) < abs(log(abs(gains[$1] ?? 1)))
      }), let gain = gains[first]
    else { return zeroed }
    if odd.count >= 3, 2 * odd.count >= known.count {
      let values = known.compactMap { gains[$0] }
      return finding(
        .batchNormalizationOther,
        "each channel's weights have a factor of their own, \((values.min() ?? 0).short) to "
          + "\((values.max() ?? 0).short) times the reference's: a normalization was folded with "
          + "other statistics, or not at all", severity: 130)
    }
    if let zeroed { return zeroed }
    return finding(
      .channelScaled,
      "the weights of channel \(first)\(more(odd)) are \(gain.short) times the reference's",
      channel: first, severity: 120)
  }

  private func more(_ rows: [Int]) -> String {
    rows.count == 1 ? "" : " and \(rows.count - 1) more"
  }

  /// Scales in another order: each channel has the codes of its weights, and another's scale.
  private func exchangedScales(_ known: [Int]) -> Finding? {
    guard pair.scales.count == own.count, known.count == own.count, own.count > 2 else {
      return nil
    }
    // The scale that the codes were made with.
    let right = known.map { Double(pair.scales[$0]) / (gains[$0] ?? 1) }
    let sorted = zip(right.sorted(), pair.scales.map { Double($0) }.sorted())
    let moved = known.filter { abs((gains[$0] ?? 1) - 1) > 0.05 }
    guard moved.count >= 2, sorted.allSatisfy({ abs($0.0 / $0.1 - 1) < 0.02 }),
      let first = moved.first
    else { return nil }
    return finding(
      .scalesPermuted,
      "the weight scales of \(moved.count) channels are exchanged: channel \(first) has another "
        + "channel's, which makes it \((gains[first] ?? 1).short) times as large", channel: first)
  }

  // MARK: Other weights

  /// A median that rounding leaves at least; errors of four bits that are carried on are large.
  private var sameMedian: Double {
    pair.isFloat ? Self.sameFloatCosine : pair.isNarrow ? 0.93 : 0.995
  }

  private func strange(_ base: Double) -> [Finding] {
    let median = cosines.compactMap { $0 }.median ?? 0
    if own.isConstant, !given.isConstant {
      return [finding(.channelsZeroed, "all its weights are one number", severity: 145)]
    }
    if median > 0.3, median < sameMedian {
      if let found = clipped(base) { return [found] }
      let coarse = precision(base)
      if !coarse.isEmpty { return coarse }
      return [
        finding(
          .otherCheckpoint,
          "its weights are like the reference's, but not the same (cosine \(median.short)): they "
            + "may come from another checkpoint", severity: 125)
      ]
    }
    guard base < 6 else { return [] }
    return [
      finding(
        .foreignWeights,
        "its weights have nothing to do with the reference's (cosine \(median.short))",
        severity: 150)
    ]
  }
}
