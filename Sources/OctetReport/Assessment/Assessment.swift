import Foundation

/// How good a classifier is on labelled samples.
public struct Assessment: Sendable, Encodable {
  /// The samples that were judged.
  public var sampleCount: Int
  /// The share whose likeliest class is that of their label; of equal ones the first counts.
  public var accuracy: Double
  /// The 95 % interval of `accuracy` (Wilson).
  public var accuracyInterval: [Double]
  /// The share whose label is among the k likeliest, for k = 1, 2, … up to 5.
  public var topAccuracies: [Double]
  /// The mean of −log of the probability that the label got, in nats; a probability of 0 counts as
  /// the least float.
  public var logLoss: Double
  /// The mean of the classes' F1; of those that neither occur nor are said nothing is counted.
  public var macroF1: Double
  /// The classes by index.
  public var classes: [Class]
  /// Samples by label (row) and by the class that was said (column).
  public var confusion: [[Int]]
  /// Whether probabilities mean what they say.
  public var calibration: Calibration
  /// The wrong answers that were surest, the worst first.
  public var worst: [Mistake]

  /// One class.
  public struct Class: Sendable, Encodable {
    /// The name, or the number where there is none.
    public var name: String
    /// Samples with this label.
    public var sampleCount: Int
    /// The share, of the samples said to be of it, that are; nil where none was.
    public var precision: Double?
    /// The share of its samples that were recognized; nil where it has none.
    public var recall: Double?
    /// The harmonic mean of both: 2 · hits / (said + samples); nil where both are 0.
    public var f1: Double?
  }

  /// How often the surest class is right, by how sure it is.
  public struct Calibration: Sendable, Encodable {
    /// The mean over samples of |accuracy − confidence| of their bin (Guo et al. 2017).
    public var expectedError: Double
    /// Ten bins of the same width, those without samples left out.
    public var bins: [Bin]
  }

  /// Samples whose likeliest class has a probability in a range.
  public struct Bin: Sendable, Encodable {
    /// The range: above `lower`, up to `upper`.
    public var lower, upper: Double
    /// The samples in it.
    public var sampleCount: Int
    /// Their mean probability, and the share that is right.
    public var confidence, accuracy: Double
  }

  /// A sample that was judged wrongly.
  public struct Mistake: Sendable, Encodable {
    /// The place of the sample.
    public var index: Int
    /// What it is, and what was said.
    public var label, prediction: Int
    /// The probabilities of what was said and of the label.
    public var probability, labelProbability: Double

    package init(
      index: Int, label: Int, prediction: Int, probability: Double, labelProbability: Double
    ) {
      self.index = index
      self.label = label
      self.prediction = prediction
      self.probability = probability
      self.labelProbability = labelProbability
    }
  }

  private static let binCount = 10

  /// Judges samples by the probabilities that their classes got.
  ///
  /// - Parameters:
  ///   - probabilities: for each sample its classes', one after the other.
  ///   - labels: the samples' classes, below `classNames.count`.
  ///   - worstCount: mistakes to keep at most.
  public init(
    probabilities: [Float], labels: [UInt8], classNames: [String], worstCount: Int = 48
  ) {
    let classCount = classNames.count
    precondition(
      probabilities.count == labels.count * classCount, "every sample has as many probabilities")
    var confusion = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
    var rankCounts = [Int](repeating: 0, count: classCount)
    var bins = [(count: Int, confidence: Double, right: Int)](
      repeating: (0, 0, 0), count: Self.binCount)
    var mistakes: [Mistake] = []
    var logLoss = 0.0
    for (index, byte) in labels.enumerated() {
      let label = Int(byte)
      let row = probabilities[index * classCount..<(index + 1) * classCount]
      let own = row[row.startIndex + label]
      // Larger ones, and equal ones before it, come first.
      let rank = row.enumerated().count { $0.1 > own || ($0.1 == own && $0.0 < label) }
      rankCounts[rank] += 1
      let best = row.indices.reduce(row.startIndex) { row[$1] > row[$0] ? $1 : $0 }
      let prediction = best - row.startIndex
      confusion[label][prediction] += 1
      logLoss -= log(max(Double(own), Double(Float.leastNormalMagnitude)))
      let surety = Double(row[best])
      let bin = min(max(Int((surety * Double(Self.binCount)).rounded(.up)) - 1, 0), 9)
      bins[bin].count += 1
      bins[bin].confidence += surety
      bins[bin].right += prediction == label ? 1 : 0
      if prediction != label {
        mistakes.append(
          Mistake(
            index: index, label: label, prediction: prediction, probability: surety,
            labelProbability: Double(own)))
      }
    }
    let count = Double(max(labels.count, 1))
    let right = confusion.indices.reduce(0) { $0 + confusion[$1][$1] }
    let interval = WilsonInterval(successCount: right, trialCount: labels.count)
    sampleCount = labels.count
    accuracy = Double(right) / count
    accuracyInterval = [interval.lower, interval.upper]
    topAccuracies = (1...min(5, max(classCount, 1))).map { k in
      Double(rankCounts.prefix(k).reduce(0, +)) / count
    }
    self.logLoss = logLoss / count
    classes = Self.classes(confusion, classNames)
    let known = classes.compactMap(\.f1)
    macroF1 = known.reduce(0, +) / Double(max(known.count, 1))
    self.confusion = confusion
    calibration = Self.calibration(bins, count)
    worst = Array(
      mistakes.sorted { ($1.probability, $0.index) < ($0.probability, $1.index) }
        .prefix(worstCount))
  }

  private static func classes(_ confusion: [[Int]], _ names: [String]) -> [Class] {
    names.indices.map { index in
      let hits = confusion[index][index]
      let samples = confusion[index].reduce(0, +)
      let said = confusion.reduce(0) { $0 + $1[index] }
      func share(_ part: Int, _ whole: Int) -> Double? {
        whole == 0 ? nil : Double(part) / Double(whole)
      }
      return Class(
        name: names[index], sampleCount: samples, precision: share(hits, said),
        recall: share(hits, samples), f1: share(2 * hits, said + samples))
    }
  }

  private static func calibration(
    _ bins: [(count: Int, confidence: Double, right: Int)], _ count: Double
  ) -> Calibration {
    var error = 0.0
    var filled: [Bin] = []
    for (index, bin) in bins.enumerated() where bin.count > 0 {
      let confidence = bin.confidence / Double(bin.count)
      let accuracy = Double(bin.right) / Double(bin.count)
      error += Double(bin.count) / count * abs(confidence - accuracy)
      filled.append(
        Bin(
          lower: Double(index) / Double(bins.count), upper: Double(index + 1) / Double(bins.count),
          sampleCount: bin.count, confidence: confidence, accuracy: accuracy))
    }
    return Calibration(expectedError: error, bins: filled)
  }
}
