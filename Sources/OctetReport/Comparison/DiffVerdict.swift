extension DiffReport.Verdict {
  typealias Layer = DiffReport.Layer
  typealias Finding = DiffReport.Finding

  /// Below this, a drop that is certain is still small: half a point.
  package static let smallDrop = 0.005

  /// Judges a comparison: a definite finding is named even when the accuracy held; others only when
  /// accuracy was lost. What differs in structure comes before all figures.
  ///
  /// - Parameter warnings: what must be known before the accuracy.
  init(
    _ context: DiffContext, _ standing: Standing, _ layers: [Layer],
    warnings: [String]
  ) {
    let hasLost = standing.hasLost
    let blamed = Self.blamed(context, layers, hasLost: hasLost)
    let accuracy = (Self.structureSentence(context.structure) + warnings + [standing.sentence])
      .joined(separator: " ")
    guard let (layer, finding) = blamed.first else {
      self.init(
        summary: accuracy, action: Self.idleAction(standing, layers),
        kind: .healthy, cause: nil, layer: nil, channel: nil, remedy: "", others: [])
      return
    }
    let others = blamed.dropFirst().map {
      Blame(
        layer: $0.0, kind: $0.1.kind, cause: $0.1.cause, detail: $0.1.detail,
        remedy: $0.1.remedy)
    }
    if Self.areStrangers(layers) {
      self.init(
        summary: accuracy + " These are not two forms of one network.",
        action: "The weights of most layers have nothing to do with each other, so errors by layer "
          + "mean little; compare an int8 model with the float model that it was made from.",
        kind: finding.kind, cause: finding.cause, layer: layer, channel: nil,
        remedy: finding.remedy,
        others: others)
      return
    }
    let cause = layer == Layer.inputName ? "The input" : "Layer '\(layer)'"
    let damage =
      hasLost
      ? accuracy + " \(cause) is to blame: \(finding.kind.title)."
      : accuracy + " But \(cause.prefix(1).lowercased() + cause.dropFirst()) is damaged: "
        + "\(finding.kind.title)."
    self.init(
      summary: damage,
      action: "\(cause): \(finding.kind.title): \(finding.detail). "
        + "\(finding.remedy.prefix(1).uppercased())\(finding.remedy.dropFirst())."
        + Self.othersSentence(others),
      kind: finding.kind, cause: finding.cause, layer: layer, channel: finding.channel,
      remedy: finding.remedy,
      others: others)
  }

  /// What to do when no layer is to blame.
  private static func idleAction(
    _ standing: Standing, _ layers: [Layer]
  ) -> String {
    let isWorse = standing.isWorse
    if standing.hasLost {
      return "No layer stands out: the loss is spread over all of them. Try another calibrator "
        + "(octet quantize --calibrator), more calibration images, or training with "
        + "quantization in the loop."
    }
    let weak = layers.compactMap { layer in layer.findings.first.map { (layer, $0) } }
      .sorted { $0.1.severity > $1.1.severity }
    guard let (layer, finding) = weak.first else {
      return isWorse
        ? "Every layer is healthy, so the small loss is spread over all of them; another "
          + "calibrator or more calibration images (octet quantize) may win it back."
        : "Nothing to do: every layer is healthy."
    }
    let more = weak.count == 1 ? "" : " and \(weak.count - 1) more"
    return
      (isWorse
      ? "The loss is small." : "Nothing needs to be done: the \(standing.quality) is kept.")
      + " If more is wanted, begin with layer '\(layer.name)'\(more): \(finding.kind.title): "
      + "\(finding.detail). \(finding.remedy.prefix(1).uppercased())\(finding.remedy.dropFirst())."
  }

  /// Differences that the summary names; all are in `structure`.
  private static let namedDifferences = 3

  private static func structureSentence(_ structure: [String]) -> [String] {
    guard !structure.isEmpty else { return [] }
    let hidden = structure.count - namedDifferences
    return [
      "The networks differ: " + structure.prefix(namedDifferences).joined(separator: "; ")
        + (hidden > 0 ? "; and \(hidden) more differences." : ".")
    ]
  }

  /// Layers that a sentence names; all are in `others`.
  private static let namedCount = 6

  private static func othersSentence(_ others: [Blame]) -> String {
    guard !others.isEmpty else { return "" }
    let named = others.prefix(namedCount).map { "'\($0.layer)' (\($0.kind.title))" }
    let hidden = others.count - named.count
    return " Also damaged, the worst first: " + named.joined(separator: ", ")
      + (hidden > 0 ? " and \(hidden) more." : ".")
  }

  /// Whether most layers with weights have other weights than the reference.
  private static func areStrangers(_ layers: [Layer]) -> Bool {
    let weighted = layers.filter { $0.weights != nil }
    let strange = weighted.count { layer in
      guard let weights = layer.weights, let split = layer.split else { return false }
      return weights.order == nil && (weights.cosine ?? 0) < WeightDiagnosis.likeCosine
        && split.weightRounding < WeightDiagnosis.unlikeDecibels
    }
    return strange > 1 && 2 * strange > weighted.count
  }

  /// Every layer at fault with its gravest finding, the worst first; of equals the one that comes
  /// first in the network.
  private static func blamed(
    _ context: DiffContext, _ layers: [Layer], hasLost: Bool
  ) -> [(String, Finding)] {
    let parted = (context.parted ?? []).map { ($0.name, $0.finding) }
    let found =
      parted
      + layers.compactMap { layer -> (String, Finding)? in
        guard let finding = layer.findings.first, finding.isDefinite || hasLost else { return nil }
        return (layer.name, finding)
      }
    // What is definite damage leaves no room for suspicions.
    let definite = found.filter { $0.1.isDefinite }
    let all = definite.isEmpty ? found : definite
    // A channel that is dead makes others constant that read it, and one that outgrows the others
    // does so in those, never in layers before it.
    func severity(_ finding: Finding) -> Double {
      let alike = all.map(\.1).filter { other in
        finding.kind == .deadChannel
          ? other.kind == .deadChannel
          : finding.cause == .outlierChannel && other.cause == .outlierChannel
      }
      return alike.map(\.severity).max() ?? finding.severity
    }
    let severities = all.map { severity($0.1) }
    return all.enumerated().sorted { a, b in
      let (x, y) = (severities[a.offset], severities[b.offset])
      return x == y ? a.offset < b.offset : x > y
    }.map(\.element)
  }
}
