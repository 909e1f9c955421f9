import OctetModel

/// Where training stands; reported after every batch.
public struct TrainingProgress: Sendable {
  /// 1…epochCount.
  public var epoch, epochCount: Int
  /// 1…batchCount, within the epoch.
  public var batch, batchCount: Int
  /// The mean cross-entropy in nats and the share of right answers, over the epoch so far.
  public var loss, accuracy: Double
  /// The images learnt a second, over the epoch so far.
  public var imagesPerSecond: Double
  /// The time left of the whole run, estimated.
  public var secondsLeft: Double
}

/// One epoch, looking back.
public struct EpochRecord: Sendable, Equatable {
  /// 1…
  public var epoch: Int
  /// Mean cross-entropy in nats over the epoch, while the weights were changing.
  public var trainLoss: Double
  /// The share of right answers while training, 0…1.
  public var trainAccuracy: Double
  /// nil without validation images.
  public var validationLoss, validationAccuracy: Double?
  /// Training and validation.
  public var seconds: Double
  /// Training only.
  public var imagesPerSecond: Double
}

/// What training came to.
public struct TrainingResult: Sendable {
  /// The graph with the weights of `bestEpoch`.
  public var graph: Graph
  /// Every whole epoch.
  public var epochs: [EpochRecord]
  /// 0 when training was stopped before the end of the first epoch: the weights are then those
  /// of the last batch.
  public var bestEpoch: Int
  /// `shouldStop` ended training.
  public var wasStopped: Bool
}
