import Foundation

/// How good a trial is on the validation images: the accuracy counts, of equal ones the loss.
package struct SearchScore: Sendable, Equatable, Comparable {
  package var accuracy: Double
  package var loss: Double

  package init(accuracy: Double, loss: Double) {
    self.accuracy = accuracy
    self.loss = loss
  }

  /// Whether the left one is worse.
  package static func < (left: SearchScore, right: SearchScore) -> Bool {
    left.accuracy == right.accuracy ? left.loss > right.loss : left.accuracy < right.accuracy
  }
}

/// One trial of a search as its journal tells it.
package struct SearchTrial: Sendable, Equatable {
  package enum End: String, Sendable, Codable {
    /// Trained to the end.
    case done
    /// Stopped, because too many others were better after as many epochs.
    case halved
    /// The loss became infinite.
    case diverged
    /// No network, or no training, can be made of its values.
    case refused
  }

  package struct Epoch: Sendable, Equatable, Codable {
    package var epoch: Int
    package var trainLoss, trainAccuracy: Double
    package var validationLoss, validationAccuracy: Double
    package var seconds: Double

    package init(
      epoch: Int, trainLoss: Double, trainAccuracy: Double, validationLoss: Double,
      validationAccuracy: Double, seconds: Double
    ) {
      self.epoch = epoch
      self.trainLoss = trainLoss
      self.trainAccuracy = trainAccuracy
      self.validationLoss = validationLoss
      self.validationAccuracy = validationAccuracy
      self.seconds = seconds
    }
  }

  /// The number of the trial, from 0.
  package var number: Int
  /// Texts by the names of the dimensions; one that does not apply is not there.
  package var values: [String: String] = [:]
  /// Numbers that are learnt, and multiply-adds of one image.
  package var parameterCount = 0, multiplyAddCount = 0
  /// Draws before this one that were too large.
  package var skippedCount = 0
  package var epochs: [Epoch] = []
  /// nil while it is not over.
  package var end: End?
  /// Why it ended, where that is not plain.
  package var reason: String?

  package init(number: Int) { self.number = number }

  /// The best of the first `epochCount` epochs; nil where there are not as many.
  package func score(within epochCount: Int) -> SearchScore? {
    guard epochs.count >= epochCount else { return nil }
    return epochs.prefix(epochCount).map(\.score).max()
  }

  /// The best of all epochs.
  package var score: SearchScore? { epochs.map(\.score).max() }

  /// The epoch whose weights `train` would keep; nil before the first.
  package var bestEpoch: Int? {
    guard let score else { return nil }
    return epochs.first { $0.score == score }?.epoch
  }

  package var seconds: Double { epochs.reduce(0) { $0 + $1.seconds } }
}

extension SearchTrial.Epoch {
  /// - Parameter record: of an epoch with validation images.
  package init(_ record: EpochRecord) {
    // JSON has no infinite numbers.
    func finite(_ value: Double?) -> Double {
      value.flatMap { $0.isFinite ? $0 : nil } ?? .greatestFiniteMagnitude
    }
    self.init(
      epoch: record.epoch, trainLoss: finite(record.trainLoss),
      trainAccuracy: record.trainAccuracy, validationLoss: finite(record.validationLoss),
      validationAccuracy: record.validationAccuracy ?? 0, seconds: record.seconds)
  }

  var score: SearchScore { SearchScore(accuracy: validationAccuracy, loss: validationLoss) }
}

/// What a search is for, and so which of two trials is better.
package struct SearchGoal: Sendable, Equatable {
  /// nil: the best validation accuracy. Otherwise the fewest parameters among the trials that have
  /// this accuracy at least.
  package var sufficientAccuracy: Double?

  package init(sufficientAccuracy: Double? = nil) { self.sufficientAccuracy = sufficientAccuracy }

  package func isReached(by trial: SearchTrial) -> Bool {
    guard let sufficientAccuracy, trial.end == .done, let score = trial.score else { return false }
    return score.accuracy >= sufficientAccuracy
  }

  /// Trials that have ended, the best first: those that trained to the end, then those that were
  /// halved, the later the better, then the rest; of equals the earlier.
  package func ranked(_ trials: [SearchTrial]) -> [SearchTrial] {
    trials.filter { $0.end != nil }.sorted { isBetter($0, than: $1) }
  }

  package func isBetter(_ a: SearchTrial, than b: SearchTrial) -> Bool {
    func order(_ end: SearchTrial.End?) -> Int {
      switch end {
      case .done: 0
      case .halved: 1
      case .diverged: 2
      case .refused, nil: 3
      }
    }
    if order(a.end) != order(b.end) { return order(a.end) < order(b.end) }
    if a.end == .done, isReached(by: a) || isReached(by: b) {
      if isReached(by: a) != isReached(by: b) { return isReached(by: a) }
      if a.parameterCount != b.parameterCount { return a.parameterCount < b.parameterCount }
    }
    if a.end == .halved, a.epochs.count != b.epochs.count { return a.epochs.count > b.epochs.count }
    if let left = a.score, let right = b.score, left != right { return left > right }
    return a.number < b.number
  }

  /// The best trial that trained to the end.
  package func best(of trials: [SearchTrial]) -> SearchTrial? {
    ranked(trials).first.flatMap { $0.end == .done ? $0 : nil }
  }
}

/// Successive halving without waiting (Jamieson and Talwalkar 2016; Li et al. 2020): after certain
/// numbers of epochs a trial goes on only while it is among the best of those that came as far.
package struct SearchHalving: Sendable, Equatable {
  /// One in so many goes on; 1 stops none.
  package var factor: Int
  /// The epochs of a whole trial.
  package var epochCount: Int
  /// Only trials with no more parameters are compared: a larger network may not make a smaller one
  /// hopeless where small ones are looked for.
  package var comparesSmallerOnly = false

  package init(factor: Int, epochCount: Int, comparesSmallerOnly: Bool = false) {
    self.factor = factor
    self.epochCount = epochCount
    self.comparesSmallerOnly = comparesSmallerOnly
  }

  /// After how many epochs trials are judged, fewest first: the whole divided by the factor once,
  /// twice, … and rounded up.
  package var rungs: [Int] {
    guard factor > 1 else { return [] }
    var rungs: Set<Int> = []
    var divisor = factor
    while divisor <= epochCount {
      rungs.insert((epochCount + divisor - 1) / divisor)
      divisor *= factor
    }
    return rungs.filter { $0 < epochCount }.sorted()
  }

  /// Why a trial should stop after its last epoch; nil where it should go on.
  ///
  /// With n trials at a rung, it among them, the best ⌈n / factor⌉ go on; while n is below the
  /// factor, all.
  ///
  /// - Parameter others: all trials, this one is left out by its number.
  package func reasonToStop(_ trial: SearchTrial, among others: [SearchTrial]) -> String? {
    let epoch = trial.epochs.count
    guard rungs.contains(epoch), let score = trial.score(within: epoch) else { return nil }
    let rivals = others.compactMap { other -> SearchScore? in
      guard other.number != trial.number,
        !comparesSmallerOnly || other.parameterCount <= trial.parameterCount
      else { return nil }
      return other.score(within: epoch)
    }
    let count = rivals.count + 1
    let rank = rivals.count { $0 > score } + 1
    guard count >= factor, rank > (count + factor - 1) / factor else { return nil }
    return "rank \(rank) of \(count) after \(epoch) epoch\(epoch == 1 ? "" : "s")"
  }
}
