import Foundation

/// One score a sample of both models, of a number of samples that does not grow with the set.
///
/// Ranks need the scores themselves, so all are kept up to `limit`, 28 bytes each, and of larger
/// sets every so many: the areas of 16,384 samples are known to half a point at worst, and every
/// shard keeps the same ones.
package struct KeptScores: Codable, Sendable, Equatable {
  package static let limit = 16_384

  struct Entry: Codable, Sendable, Equatable {
    var index: Int
    /// Nil without a label.
    var isPositive: Bool?
    /// The bits, because JSON has no infinity.
    var reference: UInt64
    var candidate: UInt64
  }

  private(set) var entries: [Entry] = []

  package init() {}

  package mutating func add(
    _ index: Int, isPositive: Bool?, reference: Double, candidate: Double
  ) {
    entries.append(
      Entry(
        index: index, isPositive: isPositive, reference: reference.bitPattern,
        candidate: candidate.bitPattern))
  }

  package mutating func merge(_ other: KeptScores) { entries += other.entries }

  var report: DiffReport.Output.Ranking {
    let entries = entries.sorted { $0.index < $1.index }
    let reference = entries.map { Double(bitPattern: $0.reference) }
    let candidate = entries.map { Double(bitPattern: $0.candidate) }
    var report = DiffReport.Output.Ranking(
      sampleCount: entries.count,
      spearman: Ranks.correlation(Ranks.of(reference), Ranks.of(candidate)))
    let labels = entries.compactMap(\.isPositive)
    guard labels.count == entries.count, !labels.isEmpty else { return report }
    report.positiveCount = labels.count { $0 }
    guard let areas = AreaComparison(labels: labels, reference, candidate) else { return report }
    report.floatAuc = areas.reference
    report.int8Auc = areas.candidate
    report.aucDifference = areas.difference
    report.pValue = areas.pValue
    report.floatCurve = Ranks.curve(labels: labels, reference)
    report.int8Curve = Ranks.curve(labels: labels, candidate)
    return report
  }
}

package enum Ranks {
  /// Ranks from 1; of equals the mean. NaN is below everything.
  package static func of(_ values: [Double]) -> [Double] {
    let order = values.indices.sorted { a, b in
      let (x, y) = (values[a], values[b])
      if x.isNaN || y.isNaN { return x.isNaN && !y.isNaN }
      return x < y
    }
    var ranks = [Double](repeating: 0, count: values.count)
    var start = 0
    while start < order.count {
      var end = start + 1
      let value = values[order[start]]
      while end < order.count,
        values[order[end]] == value || (value.isNaN && values[order[end]].isNaN)
      {
        end += 1
      }
      for position in start..<end { ranks[order[position]] = Double(start + 1 + end) / 2 }
      start = end
    }
    return ranks
  }

  /// Pearson's correlation; nil when one of the two does not vary.
  package static func correlation(_ a: [Double], _ b: [Double]) -> Double? {
    let n = Double(a.count)
    guard n > 1 else { return nil }
    let (x, y) = (a.reduce(0, +) / n, b.reduce(0, +) / n)
    var (xx, yy, xy) = (0.0, 0.0, 0.0)
    for (u, v) in zip(a, b) {
      xx += (u - x) * (u - x)
      yy += (v - y) * (v - y)
      xy += (u - x) * (v - y)
    }
    return xx > 0 && yy > 0 ? xy / (xx * yy).squareRoot() : nil
  }
}

/// The areas under two receiver operating characteristics on the same samples.
///
/// DeLong, DeLong and Clarke-Pearson, "Comparing the Areas under Two or More Correlated Receiver
/// Operating Characteristic Curves", Biometrics 44, 1988; by mid-ranks: Sun and Xu, IEEE Signal
/// Processing Letters 21, 2014.
package struct AreaComparison {
  package var reference: DiffReport.Output.Estimate
  package var candidate: DiffReport.Output.Estimate
  package var difference: DiffReport.Output.Estimate
  package var pValue: Double

  /// Nil unless there are positive and negative samples.
  package init?(labels: [Bool], _ reference: [Double], _ candidate: [Double]) {
    guard let a = Placement(labels, reference), let b = Placement(labels, candidate) else {
      return nil
    }
    let (aa, bb) = (Placement.covariance(a, a), Placement.covariance(b, b))
    let variance = max(0, aa + bb - 2 * Placement.covariance(a, b))
    let z = WilsonInterval.z95
    func estimate(_ value: Double, _ variance: Double, _ range: ClosedRange<Double>)
      -> DiffReport.Output.Estimate
    {
      let half = z * max(0, variance).squareRoot()
      return .init(
        value: value, lower: max(range.lowerBound, value - half),
        upper: min(range.upperBound, value + half))
    }
    self.reference = estimate(a.area, aa, 0...1)
    self.candidate = estimate(b.area, bb, 0...1)
    let gap = b.area - a.area
    difference = estimate(gap, variance, -1...1)
    pValue = variance > 0 ? erfc(abs(gap) / (2 * variance).squareRoot()) : (gap == 0 ? 1 : 0)
  }

  /// Each sample's share of the other kind that it is on the right side of.
  private struct Placement {
    var area: Double
    var positives: [Double] = []
    var negatives: [Double] = []

    init?(_ labels: [Bool], _ scores: [Double]) {
      let (high, low) =
        ([true, false].map { kind in
          labels.indices.filter { labels[$0] == kind }
        }).pair
      guard !high.isEmpty, !low.isEmpty else { return nil }
      let all = Ranks.of(scores)
      let (m, n) = (Double(high.count), Double(low.count))
      let highRanks = Ranks.of(high.map { scores[$0] })
      let lowRanks = Ranks.of(low.map { scores[$0] })
      for (position, index) in high.enumerated() {
        positives.append((all[index] - highRanks[position]) / n)
      }
      for (position, index) in low.enumerated() {
        negatives.append(1 - (all[index] - lowRanks[position]) / m)
      }
      area = positives.reduce(0, +) / m
    }

    static func covariance(_ a: Placement, _ b: Placement) -> Double {
      func part(_ x: [Double], _ y: [Double]) -> Double {
        guard x.count > 1 else { return 0 }
        var sum = 0.0
        for (u, v) in zip(x, y) { sum += (u - a.area) * (v - b.area) }
        return sum / Double(x.count - 1) / Double(x.count)
      }
      return part(a.positives, b.positives) + part(a.negatives, b.negatives)
    }
  }
}

extension Array {
  /// The first two elements.
  fileprivate var pair: (Element, Element) { (self[0], self[1]) }
}
