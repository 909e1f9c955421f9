/// What a search over hyper-parameters found.
public struct SearchReport: Sendable, Encodable {
  /// The images' name, and how trials were chosen: `random`, `narrow` or `tpe`.
  public var data: String, method: String
  /// What trials were drawn from, and trained with.
  public var seed: UInt64
  /// The epochs of a whole trial; one in `halvingFactor` goes on at each of `rungs`, the epochs
  /// after which trials are compared.
  public var epochCount: Int, halvingFactor: Int, rungs: [Int]
  /// The accuracy that is enough, with `--smallest-at`.
  public var sufficientAccuracy: Double?
  /// What was searched over.
  public var dimensions: [Dimension] = []
  /// Every trial in the order of their numbers.
  public var trials: [Trial] = []
  /// The trials of the search as a whole, of which some may be left.
  public var trialCount: Int
  /// The number of the best trial; nil before one was trained to the end.
  public var best: Int?
  /// The best trial as a command line of `octet train`.
  public var command: String?
  /// Sentences: what should be known of the trials.
  public var notes: [String] = []
  /// The page, and the model that was trained as the best trial.
  public var htmlFile: String?, file: String?
  /// What that model has right of the test images, which nothing looked at before.
  public var testAccuracy: Double?
  /// The time of this run.
  public var seconds = 0.0

  /// One hyper-parameter.
  public struct Dimension: Sendable, Encodable {
    /// The option without its dashes, and its range as it was written.
    public var name: String, range: String
    /// The values, where they are listed.
    public var choices: [String]?
    /// The ends, where they are numbers.
    public var lower, upper: Double?
    /// Whether the logarithm is spread evenly.
    public var isLogarithmic = false
    /// The share of the trials' ranks that it explains, 0…1; nil for fewer than eight trials.
    public var importance: Double?

    /// Makes one without its importance.
    public init(
      name: String, range: String, choices: [String]? = nil, lower: Double? = nil,
      upper: Double? = nil, isLogarithmic: Bool = false
    ) {
      self.name = name
      self.range = range
      self.choices = choices
      self.lower = lower
      self.upper = upper
      self.isLogarithmic = isLogarithmic
    }
  }

  /// One trial.
  public struct Trial: Sendable, Encodable {
    /// The number, from 1, and its place among those that ended, from 1.
    public var number: Int, rank: Int?
    /// `done`, `halved`, `diverged`, `refused`, or nil while it is not over.
    public var end: String?
    /// Why it ended, where that is not plain.
    public var reason: String?
    /// Values that applied.
    public var values: [Value]
    /// Numbers that are learnt, and multiply-adds of one image.
    public var parameterCount: Int, multiplyAddCount: Int
    /// Draws before this one that were too large to be trained.
    public var skippedCount: Int
    /// The best validation accuracy, its loss and its epoch.
    public var accuracy: Double?, loss: Double?, bestEpoch: Int?
    /// The validation accuracy after each epoch.
    public var accuracies: [Double]
    /// The time of its epochs.
    public var seconds: Double

    /// Makes a trial that has not begun.
    public init(number: Int) {
      self.number = number
      (values, accuracies) = ([], [])
      (parameterCount, multiplyAddCount, skippedCount, seconds) = (0, 0, 0, 0)
    }

    /// The text of a dimension's value; nil where it did not apply.
    public func value(of name: String) -> String? { values.first { $0.name == name }?.value }
  }

  /// What a trial had for a dimension.
  public struct Value: Sendable, Encodable {
    /// The dimension's name, and the text that the option got.
    public var name: String, value: String

    /// Makes a value.
    public init(name: String, value: String) {
      self.name = name
      self.value = value
    }
  }

  /// Makes a report without trials.
  public init(
    data: String, method: String, seed: UInt64, epochCount: Int, halvingFactor: Int, rungs: [Int],
    trialCount: Int
  ) {
    self.data = data
    self.method = method
    self.seed = seed
    self.epochCount = epochCount
    self.halvingFactor = halvingFactor
    self.rungs = rungs
    self.trialCount = trialCount
  }
}

extension SearchReport {
  /// Trials needed before an importance is told.
  static let leastTrialCount = 8

  /// The best trial, if there is one.
  public var bestTrial: Trial? { trials.first { $0.number == best } }

  /// Fills in how much each dimension explains.
  ///
  /// The trials that were trained are ranked and grouped by the dimension: by its value where it is
  /// a choice, else by as many ranges of equally many trials as the square root of their number, at
  /// most five. η², the share of the variance of ranks that lies between groups, is corrected for
  /// what chance gives (ε², Kelley 1935): 1 − (1 − η²) · (n − 1) / (n − k) for n trials in k
  /// groups, at least 0.
  package mutating func addImportance() {
    let judged = trials.filter { $0.rank != nil && $0.end != "refused" }
    guard judged.count >= Self.leastTrialCount else { return }
    for index in dimensions.indices {
      dimensions[index].importance = Self.explainedShare(
        judged.map { Double($0.rank ?? 0) }, groups: groups(judged, by: dimensions[index]))
    }
  }

  /// The number of the group that each trial is in.
  private func groups(_ trials: [Trial], by dimension: Dimension) -> [Int] {
    let texts = trials.map { $0.value(of: dimension.name) }
    if let choices = dimension.choices {
      return texts.map { $0.flatMap { choices.firstIndex(of: $0) } ?? choices.count }
    }
    let present = texts.indices.filter { texts[$0] != nil }
    let groupCount = min(max(Int(Double(present.count).squareRoot()), 2), 5)
    var groups = [Int](repeating: groupCount, count: trials.count)
    let values = texts.map { $0.flatMap { Double($0) } ?? 0 }
    let sorted = present.sorted { (values[$0], $0) < (values[$1], $1) }
    for (place, index) in sorted.enumerated() {
      // Equal values stay together.
      let isEqual = place > 0 && values[sorted[place - 1]] == values[index]
      groups[index] =
        isEqual ? groups[sorted[place - 1]] : place * groupCount / max(sorted.count, 1)
    }
    return groups
  }

  /// ε² of values in groups; 0 where there is one group, or each has one value.
  package static func explainedShare(_ values: [Double], groups: [Int]) -> Double {
    let count = Double(values.count)
    let mean = values.reduce(0, +) / max(count, 1)
    let total = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    // In order: sums of floats depend on it.
    let members = Dictionary(grouping: values.indices, by: { groups[$0] })
      .sorted { $0.key < $1.key }.map(\.value)
    let groupCount = Double(members.count)
    guard total > 0, groupCount > 1, count > groupCount else { return 0 }
    let between = members.reduce(0) { sum, indices in
      let distance = indices.reduce(0) { $0 + values[$1] } / Double(indices.count) - mean
      return sum + Double(indices.count) * distance * distance
    }
    return max(0, 1 - (1 - between / total) * (count - 1) / (count - groupCount))
  }
}
