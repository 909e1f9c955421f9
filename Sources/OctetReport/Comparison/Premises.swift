/// What a comparison rests on, and what must be said before its figures where that is shaky.
package struct Premises: Codable, Sendable, Equatable {
  var data: DiffReport.DataFacts
  /// What the reference recognized when it was trained.
  var trained: Training?
  /// A sentence when the reference, fed otherwise, recognizes clearly more.
  var normalizationHint: String?
  /// The share of the most frequent class: what guessing reaches.
  var chance: Double
  /// Layers of the candidate but the last, and those of them that the reference has too: the
  /// outputs are compared in any case.
  var layerCount: Int
  var matchedCount: Int
  /// Outputs that only one of the two has.
  var otherOutputs: Int

  /// What a file says of its training.
  package struct Training: Codable, Sendable, Equatable {
    var dataName: String
    /// The share of the test images that was recognized, 0…1.
    var testAccuracy: Double

    package init(dataName: String, testAccuracy: Double) {
      self.dataName = dataName
      self.testAccuracy = testAccuracy
    }
  }

  package init(
    data: DiffReport.DataFacts, trained: Training?, normalizationHint: String?, chance: Double,
    layerCount: Int, matchedCount: Int, otherOutputs: Int
  ) {
    self.data = data
    self.trained = trained
    self.normalizationHint = normalizationHint
    self.chance = chance
    self.layerCount = layerCount
    self.matchedCount = matchedCount
    self.otherOutputs = otherOutputs
  }

  /// Sentences, the gravest first.
  func warnings(_ classes: PairedClassification?, referenceName: String) -> [String] {
    [
      strangers, normalizationHint, classes.flatMap { recognition($0, referenceName) }, defaulted,
      outputs,
    ].compactMap { $0 }
  }

  /// Models that hardly share a layer.
  private var strangers: String? {
    guard 2 * matchedCount < layerCount else { return nil }
    return "These are hardly two forms of one network: \(layerCount - matchedCount) of the "
      + "\(layerCount) layers before the last have no counterpart."
  }

  /// How much of the way from chance to certainty a model must have gone.
  private static let leastSkill = 0.25
  /// How far under its training a model may be on other test images.
  private static let trainedTolerance = 0.03

  private func recognition(_ classes: PairedClassification, _ name: String) -> String? {
    let accuracy = classes.reference.accuracy
    let interval = WilsonInterval(
      successCount: classes.reference.correctCount, trialCount: classes.sampleCount)
    let source = data.name.isEmpty ? "" : " of '\(data.name)'"
    let share =
      "\((100 * accuracy).short) % of the \(data.isImages ? "images" : "samples")\(source)"
    if let trained, interval.upper < trained.testAccuracy - Self.trainedTolerance {
      let then = (100 * trained.testAccuracy).short
      return "The \(name) model recognizes \(share), but \(then) % of '\(trained.dataName)' when "
        + "it was trained: are these the right images (--data)?"
    }
    if normalizationHint == nil, accuracy < chance + Self.leastSkill * (1 - chance) {
      return "The \(name) model recognizes only \(share), where guessing gives "
        + "\((100 * chance).short) %: it does not know these images (--data) or is fed otherwise "
        + "than in training (--mean, --std), and the comparison says little."
    }
    return nil
  }

  private var defaulted: String? {
    data.isDefault
      ? "No --data was given, so the built-in images of '\(data.name)' are the judge." : nil
  }

  private var outputs: String? {
    guard otherOutputs > 0 else { return nil }
    return otherOutputs == 1
      ? "One output has no counterpart in the other model and is not compared."
      : "\(otherOutputs) outputs have no counterpart in the other model and are not compared."
  }
}

extension DiffReport {
  /// The images that two models are compared on.
  public struct DataFacts: Codable, Sendable, Equatable {
    /// The source as the user named it; empty when unknown.
    public var name: String
    /// Whether nobody named them.
    public var isDefault: Bool
    /// Whether every image has a label.
    public var isLabelled: Bool

    /// Whether they are pictures; otherwise any tensors.
    public var isImages: Bool

    /// Makes the facts about a set of samples.
    public init(name: String, isDefault: Bool, isLabelled: Bool, isImages: Bool = true) {
      self.isImages = isImages
      self.name = name
      self.isDefault = isDefault
      self.isLabelled = isLabelled
    }
  }
}

extension Sequence where Element: Hashable {
  /// The accuracy of who always says the class that is commonest among these labels; 0 without any.
  package var commonestShare: Double {
    var counts: [Element: Int] = [:]
    for label in self { counts[label, default: 0] += 1 }
    let all = counts.values.reduce(0, +)
    return all == 0 ? 0 : Double(counts.values.max() ?? 0) / Double(all)
  }
}
