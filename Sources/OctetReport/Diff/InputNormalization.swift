import Foundation
import OctetData
import OctetModel

/// How pixels become each model's input, and whether the two agree.
struct InputNormalization {
  var reference: Normalization?
  var candidate: Normalization?
  /// A clause that says how the two differ; nil when they do not.
  var note: String?

  /// Images that decide which normalisation a float model without one was trained with.
  static let sampleCount = 1000

  init(_ reference: DiffModel, _ candidate: DiffModel, _ data: Dataset) throws {
    self.reference = reference.normalization
    self.candidate = candidate.normalization
    // A float file need not say how it is fed. Then the blob says so, unless the model
    // recognizes more when it is fed 0…1.
    if reference.isFloat, self.reference == nil, let other = candidate.normalization {
      let plain = try Self.fit(reference, data, nil)
      let like = try Self.fit(reference, data, other)
      self.reference = like > plain ? other : nil
    }
    if candidate.isFloat, self.candidate == nil { self.candidate = self.reference }
    note = Self.difference(self.reference, self.candidate, channelCount: data.channelCount)
  }

  /// How well a model takes to pixels of this normalisation: right answers, then how sure it is
  /// of them (the sum of the labels' log-probabilities).
  private static func fit(
    _ model: DiffModel, _ data: Dataset, _ normalization: Normalization?
  ) throws -> (Int, Double) {
    let machine = try DiffMachine(
      model,
      encoder: PixelEncoder(channelCount: data.channelCount, normalization: normalization),
      keepsReals: false)
    let step = max(1, data.count / sampleCount)
    var rightCount = 0
    var sureness = 0.0
    for index in stride(from: 0, to: data.count, by: step) {
      machine.run(data.pixelSlice(index))
      machine.withReals(model.outputPlace) { scores in
        let label = Int(data.labels[index])
        rightCount += Scores.top(scores) == label ? 1 : 0
        let highest = Double(scores.max() ?? 0)
        if model.endsInScores {
          let sum = scores.reduce(0.0) { $0 + exp(Double($1) - highest) }
          sureness += Double(scores[label]) - highest - log(sum)
        } else {
          sureness += log(max(Double(scores[label]), 1e-30))
        }
      }
    }
    return (rightCount, sureness.isFinite ? sureness : -.greatestFiniteMagnitude)
  }

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
    guard let normalization else { return (0, 1) }
    let mean = Double(normalization.mean[min(channel, normalization.mean.count - 1)])
    let deviations = normalization.standardDeviation
    let deviation = Double(deviations[min(channel, deviations.count - 1)])
    return (-mean / deviation, (1 - mean) / deviation)
  }

  /// Adding 0 takes the sign off −0.
  private static func text(_ value: Double) -> String { (value + 0).short }
}
