import Foundation
import OctetData
import OctetEvaluation
import OctetModel
import OctetReport

/// How pixels become each model's input, and whether the two agree.
struct InputNormalization {
  var reference: Normalization?
  var candidate: Normalization?
  /// A clause that says how the two differ; nil when they do not.
  var note: String?
  /// What kind of difference that is.
  var cause = DiffReport.Cause.inputNormalization
  /// A sentence when the reference, fed otherwise, recognizes clearly more.
  var hint: String?

  /// Images that decide which normalisation a float model without one was trained with.
  private static let sampleLimit = 1000

  init(_ diff: DiffPair) throws {
    guard let images = diff.data.images else {
      try look(diff, nil, channelCount: 1)
      return
    }
    let (reference, candidate) = (diff.reference, diff.candidate)
    self.reference = reference.normalization
    self.candidate = candidate.normalization
    let plain = Normalization(mean: [0], standardDeviation: [1])
    // A float file need not say how it is fed. Then the blob says so, unless the model
    // recognizes more when it is fed 0…1.
    if reference.isFloat, self.reference == nil, let other = candidate.normalization {
      let sampler = try Sampler(diff, limit: Self.sampleLimit)
      let (asPlain, asOther) = (try sampler.right(plain), try sampler.right(other))
      let isPlain = diff.isClassifier && asPlain.count { $0 } > asOther.count { $0 }
      self.reference = isPlain ? nil : other
    }
    if candidate.isFloat, self.candidate == nil { self.candidate = self.reference }
    note = Self.difference(
      self.reference, self.candidate, channelCount: images.channelCount)
    cause = DiffReport.Cause(
      self.reference, self.candidate, channelCount: images.channelCount)
    try look(diff, self.reference ?? plain, channelCount: images.channelCount)
  }

  /// Looks whether the reference knows the samples better when they are fed otherwise.
  private mutating func look(
    _ diff: DiffPair, _ current: Normalization?, channelCount: Int
  ) throws {
    guard diff.data.classes != nil, diff.isClassifier,
      let found = try Self.hint(diff, current, channelCount: channelCount)
    else { return }
    hint = found.sentence
    // What the two models do differently is known for sure.
    guard note == nil else { return }
    (note, cause) = (found.clause, found.cause)
  }

  // MARK: Another that fits better

  /// Images that a hint is founded on, and multiply-adds that it may cost.
  private static let hintSampleLimit = 250
  private static let hintMacLimit = 4_000_000_000
  /// A model that recognizes so much is fed rightly: there is no clear gain left.
  private static let goodShare = 1 - clearGain
  private static let clearGain = 0.05
  private static let clearPValue = 0.001
  /// Multiply-adds from which a model is asked only where it recognizes less than half.
  private static let largeMacCount = 500_000_000
  /// Images that are not recognized, on which each way to feed them is tried first, and the share
  /// of them that the right way recognizes at least.
  private static let screenCount = 12
  private static let screenShare = 0.25

  private typealias Hint = (sentence: String, clause: String, cause: DiffReport.Cause)

  /// A way to feed samples, and what the user must do to have them fed so.
  private struct Way {
    var cause: DiffReport.Cause
    var text: String
    var normalization: Normalization?
    var variant: InputVariant?
  }

  private static func ways(
    _ diff: DiffPair, _ current: Normalization?, channelCount: Int
  ) -> [Way] {
    let input = diff.reference.real.inputs.first.map { diff.reference.real.tensors[$0].shape } ?? []
    var ways: [Way] = []
    if let current {
      var tried = InputScale.all.filter { [1, channelCount].contains($0.mean.count) }
        .map { ($0.name, Normalization(mean: $0.mean, standardDeviation: $0.deviation)) }
      if let other = diff.candidate.normalization { tried.append(("the other model's", other)) }
      for (name, normalization) in tried
      where difference(current, normalization, channelCount: channelCount) != nil {
        let values = [normalization.mean, normalization.standardDeviation].map { values in
          values.map { Double($0).short }.joined(separator: ",")
        }
        ways.append(
          Way(
            cause: DiffReport.Cause(current, normalization, channelCount: channelCount),
            text: "with --mean \(values[0]) --std \(values[1]) (\(name))",
            normalization: normalization))
      }
    }
    return ways
      + InputVariant.all(shape: input, arePixels: current != nil).map {
        Way(cause: $0.cause, text: $0.text, normalization: current, variant: $0)
      }
  }

  private static func hint(
    _ diff: DiffPair, _ current: Normalization?, channelCount: Int
  ) throws -> Hint? {
    let macCount = max(diff.reference.macCount, 1)
    let ways = ways(diff, current, channelCount: channelCount)
    let limit = max(25, min(hintSampleLimit, hintMacLimit / macCount / max(ways.count, 1)))
    let sampler = try Sampler(diff, limit: limit)
    let now = try sampler.right(current)
    let rightNow = now.count { $0 }
    let share = macCount > largeMacCount ? 0.5 : goodShare
    guard Double(rightNow) < share * Double(now.count) else { return nil }
    let wrong = now.indices.filter { !now[$0] }
    let screenStep = max(1, wrong.count / screenCount)
    let screen = stride(from: 0, to: wrong.count, by: screenStep).prefix(screenCount)
      .map { wrong[$0] }
    var best: (way: Way, count: Int)?
    for way in ways {
      let first = try sampler.right(way.normalization, way.variant, among: screen)
      guard Double(first.count { $0 }) >= screenShare * Double(screen.count) else { continue }
      let then = try sampler.right(way.normalization, way.variant)
      let gained = zip(now, then).count { !$0 && $1 }
      let lost = zip(now, then).count { $0 && !$1 }
      let isClear =
        Double(gained - lost) >= clearGain * Double(now.count)
        && McNemarTest(rightToWrong: lost, wrongToRight: gained).pValue < clearPValue
      guard isClear, rightNow + gained - lost > best?.count ?? 0 else { continue }
      best = (way, rightNow + gained - lost)
    }
    guard let best else { return nil }
    func percent(_ count: Int) -> String {
      (100 * Double(count) / Double(now.count)).short + " %"
    }
    let kind = current == nil ? "samples" : "images"
    let figures =
      "of \(now.count) \(kind) '\(diff.reference.file)' recognizes "
      + "\(percent(rightNow)) as it is fed here and \(percent(best.count)) \(best.way.text)"
    let isNormalization = best.way.variant == nil
    return (
      "The input is not \(isNormalization ? "normalised" : "fed") as in training: \(figures).",
      figures, best.way.cause
    )
  }

  /// The reference on a few samples, spread over the whole set so that all shards see the same.
  private struct Sampler {
    let diff: DiffPair
    let indices: [Int]

    init(_ diff: DiffPair, limit: Int) throws {
      self.diff = diff
      let step = max(1, (diff.data.count + limit - 1) / limit)
      indices = Array(stride(from: 0, to: diff.data.count, by: step))
    }

    /// Which of the samples are recognized, or of those at the given positions.
    func right(
      _ normalization: Normalization?, _ variant: InputVariant? = nil, among positions: [Int]? = nil
    ) throws -> [Bool] {
      var encoder = SampleEncoder(
        diff.reference, diff.data, order: Array(diff.reference.real.inputs.indices),
        normalization: normalization)
      encoder.variant = variant
      let machine = try DiffMachine(diff.reference, encoder: encoder, keepsReals: true)
      return (positions.map { $0.map { indices[$0] } } ?? indices).map { index in
        machine.run(index)
        return unsafe machine.withReals(diff.referenceOutput) {
          unsafe Scores.top($0) == diff.data.label(index)
        }
      }
    }
  }

  // MARK: Between the two

  /// Nil when no pixel's value differs by more than 2 % of the range.
  private static func difference(
    _ a: Normalization?, _ b: Normalization?, channelCount: Int
  ) -> String? {
    for channel in 0..<channelCount {
      let (x, y) = (ends(a, channel), ends(b, channel))
      let tolerance = 0.02 * (x.upper - x.lower)
      if abs(x.lower - y.lower) > tolerance || abs(x.upper - y.upper) > tolerance {
        let name = channelCount == 1 ? "" : " of channel \(channel)"
        return "pixels 0…255\(name) become \(text(y.lower))…\(text(y.upper)), where the float "
          + "model is fed \(text(x.lower))…\(text(x.upper))"
      }
    }
    return nil
  }

  /// What pixels 0 and 255 become.
  private static func ends(
    _ normalization: Normalization?, _ channel: Int
  ) -> (lower: Double, upper: Double) {
    let (mean, deviation) = normalization?.of(channel) ?? (0, 1)
    return (-Double(mean) / Double(deviation), (1 - Double(mean)) / Double(deviation))
  }

  /// Adding 0 takes the sign off −0.
  private static func text(_ value: Double) -> String { (value + 0).short }
}

/// Two models whose outputs are known to fit each other, and images that fit both.
struct DiffPair {
  let reference: DiffModel
  let candidate: DiffModel
  let referenceOutput: Int
  let data: DiffData
  /// Whether the first output names classes.
  let isClassifier: Bool
}
