extension DiffReport {
  /// The smallest set of layers that costs what the candidate loses, found by exchanging layers of
  /// the two models.
  ///
  /// No layer of the set can be left out, so the set is irreducible; where several sets are, it is
  /// the one whose layers have the largest errors of their own.
  public struct Bisection: Codable, Sendable, Equatable {
    /// What the models are judged by: `accuracy`, where labels are there and the candidate loses
    /// some; otherwise `agreement` with the reference, or, where that is whole, `sqnr`, the
    /// output's signal over its error in dB.
    public var measure: Measure
    /// The set, in execution order; empty where nothing is lost.
    public var layers: [String]
    /// Layers that could not be exchanged and are the candidate's in every hybrid.
    public var fixedLayers: [String]
    /// The number of hybrids that were run.
    public var evaluations: Int
    /// The images that each was run on.
    public var sampleCount: Int
    /// The measure of the reference and of the candidate.
    public var reference, candidate: Double
    /// The measure of the reference with exactly these layers of the candidate.
    public var onlyThese: Double
    /// The measure of the candidate with exactly these layers of the reference.
    public var allButThese: Double

    /// What hybrids are judged by.
    public enum Measure: String, Codable, Sendable {
      case accuracy, agreement, sqnr
    }

    package init(
      measure: Measure, layers: [String], fixedLayers: [String], evaluations: Int,
      sampleCount: Int, reference: Double, candidate: Double, onlyThese: Double,
      allButThese: Double
    ) {
      self.measure = measure
      self.layers = layers
      self.fixedLayers = fixedLayers
      self.evaluations = evaluations
      self.sampleCount = sampleCount
      self.reference = reference
      self.candidate = candidate
      self.onlyThese = onlyThese
      self.allButThese = allButThese
    }
  }
}

extension DiffReport.Bisection {
  /// A few sentences.
  ///
  /// - Parameter names: the words for the two models.
  package func text(_ names: (reference: String, candidate: String)) -> String {
    let (a, b) = names
    let effort = "(\(evaluations) hybrids of \(sampleCount) images)"
    guard !layers.isEmpty else {
      return fixedLayers.isEmpty
        ? "Bisection: no set of layers is to blame \(effort)."
        : "Bisection: what is lost comes with layers that cannot be exchanged: "
          + fixedLayers.map { "'\($0)'" }.joined(separator: ", ") + " \(effort)."
    }
    let list = layers.map { "'\($0)'" }.joined(separator: ", ")
    return
      "Bisection: \(layers.count == 1 ? "layer" : "\(layers.count) layers") \(list) "
      + "\(layers.count == 1 ? "is" : "are") enough to cost it. \(what): \(a) \(figure(reference)), "
      + "\(b) \(figure(candidate)); \(a) with \(layers.count == 1 ? "this layer" : "these layers") "
      + "of \(b) \(figure(onlyThese)), \(b) with \(layers.count == 1 ? "it" : "them") of \(a) "
      + "\(figure(allButThese)) \(effort)."
  }

  private var what: String {
    switch measure {
    case .accuracy: "Accuracy"
    case .agreement: "Agreement"
    case .sqnr: "Signal over error"
    }
  }

  private func figure(_ value: Double) -> String {
    switch measure {
    case .accuracy, .agreement: value.percent
    case .sqnr: value.isFinite ? "\(value.formatted(digits: 1)) dB" : "without error"
    }
  }
}
