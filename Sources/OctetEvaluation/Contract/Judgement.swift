import Foundation
import OctetReport

/// How an int8 model did on samples held back, beside the float model.
public struct Judgement: Sendable, Equatable {
  /// Samples that both ran on.
  public var sampleCount: Int
  /// Whether the samples have labels; without, the float model's decisions stand for them.
  public var hasLabels: Bool
  /// The share that the float model gets right; nil without labels.
  public var floatAccuracy: Double?
  /// Samples that the int8 model gets right; 0 without labels.
  public var rightCount = 0
  /// Samples that both decide alike.
  public var agreementCount = 0
  /// Samples that only the float model gets right; without labels, those decided otherwise.
  public var lostCount = 0
  /// Samples that only the int8 model gets right.
  public var gainedCount = 0
  /// For each output, the error of each sample.
  var outputs: [[Error]]

  /// Σ x² of the float model's values, and Σ e² of what int8 is off by.
  struct Error: Sendable, Equatable {
    var signal = 0.0
    var noise = 0.0
  }

  init(sampleCount: Int, hasLabels: Bool, floatAccuracy: Double?, outputs: [[Error]]) {
    self.sampleCount = sampleCount
    self.hasLabels = hasLabels
    self.floatAccuracy = floatAccuracy
    self.outputs = outputs
  }

  /// The share that the int8 model gets right; nil without labels.
  public var accuracy: Double? {
    hasLabels ? Double(rightCount) / Double(max(sampleCount, 1)) : nil
  }

  /// The share that both decide alike.
  public var agreement: Double { Double(agreementCount) / Double(max(sampleCount, 1)) }

  /// Accuracy lost; without labels, the share decided otherwise.
  public var drop: Double { Double(lostCount - gainedCount) / Double(max(sampleCount, 1)) }

  /// The largest drop that the samples do not contradict.
  public func dropUpperBound(confidence: Double) -> Double {
    DropBound.upper(
      rightToWrong: lostCount, wrongToRight: gainedCount, sampleCount: sampleCount,
      confidence: confidence)
  }

  /// Signal over error of the worst output, in decibels; infinite without an error.
  public var sqnrDecibels: Double { outputs.map { Self.decibels($0, z: 0) }.min() ?? .infinity }

  /// The least signal over error, of the worst output, that the samples do not contradict.
  public func sqnrLowerBound(confidence: Double) -> Double {
    let z = DropBound.normalQuantile(confidence)
    return outputs.map { Self.decibels($0, z: z) }.min() ?? .infinity
  }

  /// The ratio of the sums, its noise raised by z standard errors of a ratio estimate.
  private static func decibels(_ errors: [Error], z: Double) -> Double {
    let signal = errors.reduce(0) { $0 + $1.signal }
    let noise = errors.reduce(0) { $0 + $1.noise }
    if noise == 0 { return .infinity }
    guard signal > 0 else { return -.infinity }
    let ratio = noise / signal
    let n = Double(errors.count)
    let squares = errors.reduce(0) { sum, error in
      let rest = error.noise - ratio * error.signal
      return sum + rest * rest
    }
    let spread = n > 1 ? (squares * n / (n - 1)).squareRoot() / signal : 0
    return -10 * log10(ratio + z * spread)
  }
}
