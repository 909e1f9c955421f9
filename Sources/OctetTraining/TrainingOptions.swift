import Foundation
import OctetData

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
  /// Loshchilov and Hutter 2019): a step multiplies weights by 1 − rate · decay. The others add
  /// decay · weight to the gradient, as `l2` does. nil is 0.1 for Adam, which gains about 0.1
  /// points on MNIST with LeNet, and 0 for the others.
  public var weightDecay: Float?
  /// Penalties on weights, never on biases: l1 · sign(w) and l2 · w are added to the gradient,
  /// after clipping. The loss that is shown is without them.
  public var l1: Float = 0, l2: Float = 0
  /// Gradients together longer than this (Euclidean, over all parameters) are scaled to it.
  public var clippingNorm: Float?
  /// The course of the learning rate.
  public var schedule = Schedule.cosine
  /// Epochs, or a part of one, in which the rate rises from near 0; the schedule begins after them.
  public var warmUpEpochs = 0.0
  /// What is made small.
  public var loss = Loss.crossEntropy
  /// The share of each target that is spread over all classes (Szegedy et al. 2016), 0 ..< 1.
  public var labelSmoothing: Float = 0
  /// Each image is mixed with another, and their targets likewise, by a share drawn from
  /// Beta(mixup, mixup) (Zhang et al. 2018), 0 … 2; 0 mixes none.
  public var mixup = 0.0
  /// How images are varied, each time anew, while they are learnt from.
  public var augmentation = Augmentation()
  /// The weights that are validated and kept are an average over the steps:
  /// a = d · a + (1 − d) · w with this d, at most (1 + t) / (10 + t) in step t, so that the start
  /// is soon forgotten. nil takes the weights themselves.
  public var averagingDecay: Float?
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
    for (name, value) in [
      ("l1", l1), ("l2", l2), ("warm-up", Float(warmUpEpochs)), ("mixup", Float(mixup)),
    ] {
      try require(value.isFinite && value >= 0, name, "0 or above")
    }
    try require(mixup <= 2, "mixup", "0 to 2")
    try require(clippingNorm.map { $0.isFinite && $0 > 0 } ?? true, "clip", "above 0")
    try require(averagingDecay.map { (0..<1).contains($0) } ?? true, "average", "0 to below 1")
    try require((0..<1).contains(labelSmoothing), "label-smoothing", "0 to below 1")
    try require(
      validationFraction >= 0 && validationFraction < 1, "validation", "from 0 to below 1")
    try require(patience.map { $0 > 0 } ?? true, "patience", "at least 1")
  }
}
