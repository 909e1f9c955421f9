extension DiffReport.Output {
  /// How errors are spread: one value a sample, its values' mean error.
  ///
  /// All histograms have the same ends and bins. Of more than 16,384 samples evenly spread ones
  /// are counted.
  public struct ErrorHistograms: Codable, Sendable, Equatable {
    /// The candidate less the reference.
    public var difference: Histogram
    /// The reference less the targets; nil without targets.
    public var float: Histogram?
    /// The candidate less the targets.
    public var int8: Histogram?
  }
}

extension KeptScores {
  private static let binCount = 41

  /// How the kept errors are spread; nil where there is no finite one.
  ///
  /// - Parameter hasTargets: whether entries are errors against targets; otherwise the reference's
  ///   are 0.
  func histograms(hasTargets: Bool) -> DiffReport.Output.ErrorHistograms? {
    let reference = entries.map { Double(bitPattern: $0.reference) }
    let candidate = entries.map { Double(bitPattern: $0.candidate) }
    let difference = zip(candidate, reference).map { $0 - $1 }
    let all = (difference + (hasTargets ? reference + candidate : [])).filter(\.isFinite)
    guard let low = all.min(), let high = all.max() else { return nil }
    // Equal errors stand in the middle.
    let room = high > low ? 0 : max(abs(high), 1e-30)
    let range = (low - room)...(high + room)
    guard (range.upperBound - range.lowerBound).isFinite, range.lowerBound < range.upperBound else {
      return nil
    }
    func histogram(_ values: [Double]) -> Histogram {
      var histogram = Histogram(range, binCount: Self.binCount)
      for value in values { histogram.add(value) }
      return histogram
    }
    return .init(
      difference: histogram(difference), float: hasTargets ? histogram(reference) : nil,
      int8: hasTargets ? histogram(candidate) : nil)
  }
}

extension Ranks {
  private static let curvePointLimit = 128

  /// The receiver operating characteristic: pairs of the share of negative samples over a
  /// threshold and the share of positive ones, from 0, 0 to 1, 1; of many thresholds evenly spread
  /// ones. Nil unless there are samples of both kinds.
  static func curve(labels: [Bool], _ scores: [Double]) -> [[Double]]? {
    let positiveCount = labels.count { $0 }
    guard positiveCount > 0, positiveCount < labels.count else { return nil }
    let ranks = of(scores)
    let order = labels.indices.sorted { ranks[$0] > ranks[$1] }
    var points = [[0.0, 0.0]]
    var (positive, negative) = (0, 0)
    for (position, index) in order.enumerated() {
      if labels[index] { positive += 1 } else { negative += 1 }
      // Of equal scores none is first.
      let isLastOfEquals =
        position + 1 == order.count || ranks[order[position + 1]] != ranks[index]
      guard isLastOfEquals else { continue }
      points.append([
        Double(negative) / Double(labels.count - positiveCount),
        Double(positive) / Double(positiveCount),
      ])
    }
    guard points.count > curvePointLimit else { return points }
    return (0..<curvePointLimit).map { points[$0 * (points.count - 1) / (curvePointLimit - 1)] }
  }
}
