/// What is known of an output before the first sample: the same in all shards.
package struct OutputFacts: Codable, Sendable, Equatable {
  package var name: String
  package var floatName: String
  package var shape: [Int]
  package var metric: DiffReport.Metric
  /// Why that metric: a clause.
  package var reason: String
  /// What scores are compared with: 0.5 for probabilities, 0 for others.
  package var threshold: Double
  /// The reference's range on a few samples: two values that differ by a hundredth of it are alike.
  package var range: Double
  /// Of the samples, every so many are kept whole, where that is needed.
  package var keptStride: Int
  /// Whether the output may be shown as a picture.
  package var isPicture: Bool

  package init(
    name: String, floatName: String, shape: [Int], metric: DiffReport.Metric, reason: String,
    threshold: Double, range: Double, sampleCount: Int
  ) {
    self.name = name
    self.floatName = floatName
    self.shape = shape
    self.metric = metric
    self.reason = reason
    self.threshold = threshold
    self.range = range
    let limit = metric == .embedding ? KeptVectors.limit : KeptScores.limit
    keptStride = max(1, (sampleCount + limit - 1) / limit)
    isPicture = Self.isPicture(shape)
  }

  /// Two outputs whose values differ by less than this share of the range are taken to be alike.
  package static let likeShare = 0.01

  /// Whether a tensor has the form of a gray or a coloured picture.
  package static func isPicture(_ shape: [Int]) -> Bool {
    shape.count == 4 && shape[0] == 1 && [1, 3].contains(shape[3]) && min(shape[1], shape[2]) >= 8
  }

  /// The values at each place, and the places.
  var channelCount: Int { max(shape.count > 1 ? shape[shape.count - 1] : 1, 1) }
  var cellCount: Int { shape.reduce(1, *) / channelCount }
}

/// What both models give at an output for one sample, and what is known of it.
package struct OutputSample {
  /// The sample in the whole set.
  package var index: Int
  package var reference: [Float]
  package var candidate: [Float]
  /// The sample's class.
  package var label: Int?
  /// The values that are right, as many as the output has.
  package var targets: [Float]?
  /// The sample itself, of outputs that are judged by it.
  package var input: [Float]?

  package init(index: Int) {
    self.index = index
    reference = []
    candidate = []
  }
}
