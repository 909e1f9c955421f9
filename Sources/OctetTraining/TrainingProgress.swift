import OctetModel

/// Where training stands; reported after every batch.
public struct TrainingProgress: Sendable {
  /// The epoch, from 1, and how many there are at most.
  public var epoch, epochCount: Int
  /// The batch within the epoch, from 1, and how many it has.
  public var batch, batchCount: Int
  /// The mean cross-entropy in nats and the share of right answers, over the epoch so far.
  public var loss, accuracy: Double
  /// The images learnt a second, over the epoch so far.
  public var imagesPerSecond: Double
  /// The time left of the whole run, estimated.
  public var secondsLeft: Double
}

/// One epoch, looking back.
public struct EpochRecord: Sendable, Equatable, Encodable {
  /// The number of the epoch, from 1.
  public var epoch: Int
  /// The mean cross-entropy in nats over the epoch, while the weights were changing.
  public var trainLoss: Double
  /// The share of right answers while training, 0…1.
  public var trainAccuracy: Double
  /// The loss and the share of right answers on the validation images; nil without any.
  public var validationLoss, validationAccuracy: Double?
  /// The time for training and validation.
  public var seconds: Double
  /// The images learnt a second, without validation.
  public var imagesPerSecond: Double

  private enum CodingKeys: String, CodingKey {
    case epoch, trainLoss, trainAccuracy, validationAccuracy, seconds, imagesPerSecond
  }
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
  /// Weights, biases, scales and slopes that were learnt: without those that stay as they are and
  /// without running statistics.
  public var trainedCount: Int
}
