/// Counts of values in bins of equal width.
public struct Histogram: Sendable, Equatable, Codable {
  /// The lower end of the first bin.
  public let lower: Double
  /// The upper end of the last bin.
  public let upper: Double
  /// The values by bin: bin `i` is `lower + i·w ..< lower + (i + 1)·w` with `w = (upper − lower) /
  /// counts.count`; `upper` itself is in the last bin.
  public private(set) var counts: [Int]
  /// The values below `lower`.
  public private(set) var belowCount = 0
  /// The values above `upper`.
  public private(set) var aboveCount = 0
  /// The values that are not numbers.
  public private(set) var nanCount = 0

  /// - Parameters:
  ///   - range: finite, not empty.
  ///   - binCount: at least 1.
  package init(_ range: ClosedRange<Double>, binCount: Int) {
    precondition(
      range.lowerBound < range.upperBound && (range.upperBound - range.lowerBound).isFinite
        && binCount > 0, "a histogram needs a finite range and bins")
    lower = range.lowerBound
    upper = range.upperBound
    counts = [Int](repeating: 0, count: binCount)
  }

  package mutating func add(_ value: Double) {
    if value < lower {
      belowCount += 1
    } else if value > upper {
      aboveCount += 1
    } else if value.isNaN {
      nanCount += 1
    } else {
      let position = (value - lower) / (upper - lower) * Double(counts.count)
      counts[min(Int(position), counts.count - 1)] += 1
    }
  }

  /// - Throws: `shardMismatch`.
  package mutating func merge(_ other: Histogram) throws(ReportError) {
    guard other.lower == lower, other.upper == upper, other.counts.count == counts.count else {
      throw .shardMismatch(what: "the bins of a histogram")
    }
    for index in counts.indices { counts[index] += other.counts[index] }
    belowCount += other.belowCount
    aboveCount += other.aboveCount
    nanCount += other.nanCount
  }

  package var totalCount: Int { counts.reduce(belowCount + aboveCount + nanCount, +) }

  public init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    lower = try container.decode(Double.self, forKey: .lower)
    upper = try container.decode(Double.self, forKey: .upper)
    counts = try container.decode([Int].self, forKey: .counts)
    belowCount = try container.decode(Int.self, forKey: .belowCount)
    aboveCount = try container.decode(Int.self, forKey: .aboveCount)
    nanCount = try container.decode(Int.self, forKey: .nanCount)
    let all = counts + [belowCount, aboveCount, nanCount]
    guard lower < upper, (upper - lower).isFinite, !counts.isEmpty,
      all.allSatisfy({ (0...SavedCount.max / all.count).contains($0) })
    else { throw ReportError.invalidSaved(what: "histogram") }
  }
}
