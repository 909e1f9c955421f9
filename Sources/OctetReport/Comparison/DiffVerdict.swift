extension DiffReport.Verdict {
  typealias Layer = DiffReport.Layer
  typealias Finding = DiffReport.Finding

  /// Below this, a drop that is certain is still small: half a point.
  package static let smallDrop = 0.005

  /// Judges a comparison: a definite finding is named even when the accuracy held; others only when
  /// accuracy was lost.
  ///
  /// - Parameter warnings: what must be known before the accuracy.
  init(
    _ context: DiffContext, _ classes: PairedClassification, _ layers: [Layer],
    warnings: [String]
  ) {
    let drop = classes.accuracyDrop
    let hasLost = drop > 0 && classes.significance.isSignificant && drop >= Self.smallDrop
    let blamed = Self.blamed(layers, hasLost: hasLost)
    let accuracy = (warnings + [Self.accuracySentence(context, classes, hasLost: hasLost)])
      .joined(separator: " ")
    guard let (layer, finding) = blamed.first else {
      self.init(
        summary: accuracy, action: Self.idleAction(classes, layers, hasLost: hasLost),
        kind: .healthy, cause: nil, layer: nil, channel: nil, remedy: "", others: [])
      return
    }
    let others = blamed.dropFirst().map {
      Blame(
        layer: $0.0.name, kind: $0.1.kind, cause: $0.1.cause, detail: $0.1.detail,
        remedy: $0.1.remedy)
    }
    if Self.areStrangers(layers) {
      self.init(
        summary: accuracy + " These are not two forms of one network.",
        action: "The weights of most layers have nothing to do with each other, so errors by layer "
          + "mean little; compare an int8 model with the float model that it was made from.",
        kind: finding.kind, cause: finding.cause, layer: layer.name, channel: nil, remedy: finding.remedy,
        others: others)
      return
    }
    let cause = layer.name == Layer.inputName ? "The input" : "Layer '\(layer.name)'"
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
      kind: finding.kind, cause: finding.cause, layer: layer.name, channel: finding.channel, remedy: finding.remedy,
      others: others)
  }

  /// What to do when no layer is to blame.
  private static func idleAction(
    _ classes: PairedClassification, _ layers: [Layer], hasLost: Bool
  ) -> String {
    let isWorse = classes.accuracyDrop > 0 && classes.significance.isSignificant
    if hasLost {
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
    return (isWorse ? "The loss is small." : "Nothing needs to be done: the accuracy is kept.")
      + " If more is wanted, begin with layer '\(layer.name)'\(more): \(finding.kind.title): "
      + "\(finding.detail). \(finding.remedy.prefix(1).uppercased())\(finding.remedy.dropFirst())."
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
  private static func blamed(_ layers: [Layer], hasLost: Bool) -> [(Layer, Finding)] {
    let found = layers.compactMap { layer -> (Layer, Finding)? in
      guard let finding = layer.findings.first, finding.isDefinite || hasLost else { return nil }
      return (layer, finding)
    }
    // What is definite damage leaves no room for suspicions.
    let definite = found.filter { $0.1.isDefinite }
    return (definite.isEmpty ? found : definite).enumerated().sorted { a, b in
      let (x, y) = (a.element.1.severity, b.element.1.severity)
      return x == y ? a.offset < b.offset : x > y
    }.map(\.element)
  }

  private static func accuracySentence(
    _ context: DiffContext, _ classes: PairedClassification, hasLost: Bool
  ) -> String {
    let (a, b) = context.comparison.names
    let count = classes.sampleCount
    let data = context.premises.data
    let source = data.name.isEmpty ? "" : " of '\(data.name)'"
    let figures =
      "\(classes.candidate.accuracy.percent) against \(classes.reference.accuracy.percent) of "
      + "\(count) labelled images\(source)"
    let p = classes.significance.text
    let drop = classes.accuracyDrop
    if !classes.significance.isSignificant {
      return "The \(b) model is as good as the \(a) model: \(figures); the difference is within "
        + "chance (\(p))."
    }
    if drop < 0 {
      return "The \(b) model is better than the \(a) model: \(figures)."
    }
    let points = (100 * drop).short
    return hasLost
      ? "The \(b) model loses \(points) points of accuracy: \(figures); that is no accident "
        + "(\(p))."
      : "The \(b) model loses little, but measurably: \(figures), \(points) points "
        + "(\(p))."
  }
}
