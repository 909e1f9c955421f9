import Foundation

extension DiffReport.Verdict {
  /// Below this, a drop that is certain is still small: half a point.
  static let smallDrop = 0.005

  /// Judges a comparison: a definite finding is named even when the accuracy held; others only when
  /// accuracy was lost.
  init(
    _ comparison: DiffReport.Comparison, _ classes: PairedClassification,
    _ layers: [DiffReport.Layer]
  ) {
    let drop = classes.accuracyDrop
    let isReal = classes.significance.isSignificant
    let hasLost = drop > 0 && isReal && drop >= Self.smallDrop
    let blamed = Self.blamed(layers, hasLost: hasLost)
    let accuracy = Self.accuracySentence(comparison, classes, hasLost: hasLost)
    guard let (layer, finding) = blamed else {
      self.init(
        summary: accuracy,
        action: hasLost
          ? "No layer stands out: the loss is spread over all of them. Try another calibrator "
            + "(octet quantize --calibrator), more calibration images, or training with "
            + "quantization in the loop."
          : "Nothing to do: every layer is healthy.",
        kind: .healthy, layer: nil, channel: nil, remedy: "")
      return
    }
    if Self.areStrangers(layers) {
      self.init(
        summary: accuracy + " These are not two forms of one network.",
        action: "The weights of most layers have nothing to do with each other, so errors by layer "
          + "mean little; compare an int8 model with the float model that it was made from.",
        kind: .weightsWrong, layer: layer.name, channel: nil, remedy: finding.remedy)
      return
    }
    let cause = layer.name == "input" ? "The input" : "Layer '\(layer.name)'"
    let damage =
      hasLost
      ? accuracy + " \(cause) is to blame: \(finding.kind.title)."
      : accuracy + " But \(cause.prefix(1).lowercased() + cause.dropFirst()) is damaged: "
        + "\(finding.kind.title)."
    self.init(
      summary: damage,
      action: "\(cause): \(finding.kind.title): \(finding.detail). "
        + "\(finding.remedy.prefix(1).uppercased())\(finding.remedy.dropFirst()).",
      kind: finding.kind, layer: layer.name, channel: finding.channel, remedy: finding.remedy)
  }

  /// Whether most layers with weights have other weights than the reference.
  private static func areStrangers(_ layers: [DiffReport.Layer]) -> Bool {
    let weighted = layers.filter { $0.weights != nil }
    let strange = weighted.count { $0.findings.contains { $0.kind == .weightsWrong } }
    return strange > 1 && 2 * strange > weighted.count
  }

  /// The gravest finding; of equals the one that comes first in the network.
  private static func blamed(
    _ layers: [DiffReport.Layer], hasLost: Bool
  ) -> (DiffReport.Layer, DiffReport.Finding)? {
    var best: (layer: DiffReport.Layer, finding: DiffReport.Finding)?
    for layer in layers {
      for finding in layer.findings where finding.isDefinite || hasLost {
        if let current = best?.finding {
          let rank = (finding.isDefinite ? 1 : 0, finding.severity)
          guard rank > (current.isDefinite ? 1 : 0, current.severity) else { continue }
        }
        best = (layer, finding)
      }
    }
    return best.map { ($0.layer, $0.finding) }
  }

  private static func accuracySentence(
    _ comparison: DiffReport.Comparison, _ classes: PairedClassification, hasLost: Bool
  ) -> String {
    let (a, b) = names(comparison)
    let count = classes.sampleCount
    let figures =
      "\(percent(classes.candidate.accuracy)) against \(percent(classes.reference.accuracy)) of "
      + "\(count) images"
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

  private static func names(_ comparison: DiffReport.Comparison) -> (String, String) {
    let (a, b) = (comparison.reference.arithmetic, comparison.candidate.arithmetic)
    return a == b ? ("first", "second") : (a, b)
  }

  private static func percent(_ share: Double) -> String { String(format: "%.2f %%", share * 100) }
}
