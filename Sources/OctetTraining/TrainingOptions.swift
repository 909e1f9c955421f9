import Foundation

/// How to train.
public struct TrainingOptions: Sendable {
  /// The times through the images.
  public var epochCount = 10
  /// Images a step. Sixteen at a time are worked on together, so multiples of 16 waste nothing.
  public var batchSize = 64
  /// The rate at the start; `schedule` lowers it.
  public var learningRate: Float = 1e-3
  /// The rule by which gradients change weights.
  public var optimizer = Optimizer.adam()
  /// Applied to weights, never to biases. Adam decouples it from the gradient (as in AdamW,
  /// Loshchilov and Hutter 2019): a step multiplies weights by 1 − rate · decay. SGD and momentum
  /// add decay · weight to the gradient (L2). nil is 0.1 for Adam, which gains about 0.1 points on
  /// MNIST with LeNet, and 0 for the others.
  public var weightDecay: Float?
  /// The course of the learning rate.
  public var schedule = Schedule.cosine
  /// How weights start.
  public var initialization = Initialization.he
  /// What the weights, the split and the order of the images are drawn from.
  public var seed: UInt64 = 1
  /// Changes the speed and never the result.
  public var threadCount = ProcessInfo.processInfo.activeProcessorCount
  /// The share of the training images that is held back to choose the best epoch, 0 ..< 1.
  public var validationFraction = 1.0 / 12
  /// Stop after as many epochs without a better one; nil never stops early.
  public var patience: Int?

  /// Options that suit small images.
  public init() {}
}

/// A rule by which gradients change weights.
public enum Optimizer: Sendable, Equatable {
  case sgd
  /// Velocity = momentum · velocity + gradient.
  case momentum(Float = 0.9)
  /// Kingma and Ba, 2015.
  case adam(beta1: Float = 0.9, beta2: Float = 0.999, epsilon: Float = 1e-8)
}

/// The course of the learning rate over a run.
public enum Schedule: Sendable, Equatable {
  case constant
  /// Half a cosine from the learning rate down to 0 at the last step.
  case cosine
  /// Times `factor` after every `epochs` epochs.
  case step(epochs: Int, factor: Float)

  /// - Parameters: `step` of `stepCount` in the whole run, `stepsPerEpoch` of them an epoch.
  package func factor(step: Int, stepCount: Int, stepsPerEpoch: Int) -> Float {
    switch self {
    case .constant: 1
    case .cosine: Float(0.5 + 0.5 * cos(Double.pi * Double(step) / Double(max(stepCount, 1))))
    case .step(let epochs, let factor):
      Float(pow(Double(factor), Double(step / max(stepsPerEpoch, 1) / max(epochs, 1))))
    }
  }
}

/// How weights start. Both are uniform, so that the same seed gives the same bits everywhere.
public enum Initialization: Sendable, Equatable {
  /// ±√(6 / fanIn) (He et al. 2015): for ReLU networks.
  case he
  /// ±√(6 / (fanIn + fanOut)) (Glorot and Bengio 2010).
  case xavier
  /// The graph's own weights: training goes on where it ended.
  case keep
}

extension TrainingOptions {
  /// `weightDecay` with its default filled in.
  var decay: Float {
    if let weightDecay { return weightDecay }
    return if case .adam = optimizer { 0.1 } else { 0 }
  }

  func check() throws(TrainingError) {
    func require(_ condition: Bool, _ name: String, _ range: String) throws(TrainingError) {
      if !condition { throw .option(name: name, reason: "must be \(range)") }
    }
    try require((0...1_000_000).contains(epochCount), "epochs", "0…1,000,000")
    try require((1...65_536).contains(batchSize), "batch-size", "1…65,536")
    try require(learningRate.isFinite && learningRate > 0, "learning-rate", "above 0")
    try require(decay.isFinite && decay >= 0, "weight-decay", "0 or above")
    try require((1...1024).contains(threadCount), "threads", "1…1,024")
    try require(
      validationFraction >= 0 && validationFraction < 1, "validation", "from 0 to below 1")
    try require(patience.map { $0 > 0 } ?? true, "patience", "at least 1")
  }
}
