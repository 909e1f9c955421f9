/// The course of a training run: what was measured in some of its steps, layer by layer.
///
/// However long a run is, at most `pointLimit` points are kept: when there are more, each two that
/// follow each other become one.
package struct TrainingCourse: Sendable, Equatable, Codable {
  /// One epoch, looking back; the text of checkpoints and the pages have it whole.
  package struct Epoch: Sendable, Equatable, Codable {
    /// The number of the epoch, from 1.
    package var epoch: Int
    /// The mean loss and the share of right answers, while the weights were changing.
    package var trainLoss, trainAccuracy: Double
    /// The same on the validation images; nil without any.
    package var validationLoss, validationAccuracy: Double?
    /// The time for training and validation, and images learnt a second.
    package var seconds, imagesPerSecond: Double

    package init(
      epoch: Int, trainLoss: Double, trainAccuracy: Double, validationLoss: Double?,
      validationAccuracy: Double?, seconds: Double, imagesPerSecond: Double
    ) {
      self.epoch = epoch
      self.trainLoss = trainLoss
      self.trainAccuracy = trainAccuracy
      self.validationLoss = validationLoss
      self.validationAccuracy = validationAccuracy
      self.seconds = seconds
      self.imagesPerSecond = imagesPerSecond
    }
  }

  /// A measured step, with what was learnt since the one before.
  package struct Point: Sendable, Equatable, Codable {
    /// The number of the step in the whole run, from 1.
    package var step: Int
    /// The epochs until then, fractions included.
    package var epoch: Double
    /// The mean loss and the share of right answers of the images since the point before.
    package var loss, accuracy: Double
    /// The learning rate of the step.
    package var rate: Double
    /// For each layer the Euclidean length of the batch's gradient before clipping, of the weights
    /// after the step, and of the step itself.
    package var gradients, weights, updates: [Float]

    package init(
      step: Int, epoch: Double, loss: Double, accuracy: Double, rate: Double,
      gradients: [Float], weights: [Float], updates: [Float]
    ) {
      self.step = step
      self.epoch = epoch
      self.loss = loss
      self.accuracy = accuracy
      self.rate = rate
      self.gradients = gradients
      self.weights = weights
      self.updates = updates
    }

    /// The length of the whole gradient.
    package var gradientNorm: Double {
      gradients.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
    }

    /// How far the step goes in a layer, as a share of the length of its weights.
    package func ratio(_ layer: Int) -> Double { Double(updates[layer]) / Double(weights[layer]) }

    /// This point with an equally long part of the run before it.
    fileprivate func joined(after other: Point, otherCount: Int) -> Point {
      var result = self
      let share = Double(otherCount) / Double(otherCount + 1)
      result.loss = share * other.loss + (1 - share) * loss
      result.accuracy = share * other.accuracy + (1 - share) * accuracy
      return result
    }
  }

  package static let pointLimit = 256

  /// What learns, in the network's order.
  package let layers: [String]
  private var kept: [Point] = []
  /// Measured steps that make one kept point.
  private var stride = 1
  private var pending: Point?
  private var pendingCount = 0

  package init(layers: [String]) { self.layers = layers }

  /// The points in order, the last of which may be of a shorter time than the others.
  package var points: [Point] { pending.map { kept + [$0] } ?? kept }

  /// The last measured step, when a point was kept with it.
  package var lastKept: Point? { pending == nil ? kept.last : nil }

  /// The last measured step.
  package var last: Point? { pending ?? kept.last }

  package mutating func add(_ point: Point) {
    pending = pending.map { point.joined(after: $0, otherCount: pendingCount) } ?? point
    pendingCount += 1
    guard pendingCount == stride, let whole = pending else { return }
    kept.append(whole)
    (pending, pendingCount) = (nil, 0)
    guard kept.count == Self.pointLimit else { return }
    kept = Swift.stride(from: 0, to: kept.count, by: 2).map {
      kept[$0 + 1].joined(after: kept[$0], otherCount: 1)
    }
    stride *= 2
  }
}
