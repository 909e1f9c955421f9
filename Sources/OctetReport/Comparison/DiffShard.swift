/// A part of a comparison with everything that is needed to put the parts together.
public struct DiffShard: Codable, Sendable {
  /// Which part of how many.
  public struct Part: Codable, Sendable, Equatable, CustomStringConvertible {
    /// The number of the part, from 1 to `count`.
    public var index: Int
    /// The number of parts.
    public var count: Int

    /// Makes a part; nil unless `1 ≤ index ≤ count`.
    public init?(index: Int, count: Int) {
      guard index >= 1, index <= count else { return nil }
      self.index = index
      self.count = count
    }

    /// Reads a text such as `3/8`; nil when it is none.
    public init?(_ text: String) {
      let parts = text.split(separator: "/", omittingEmptySubsequences: false).map { Int($0) }
      guard parts.count == 2, let index = parts[0], let count = parts[1] else { return nil }
      self.init(index: index, count: count)
    }

    public var description: String { "\(index)/\(count)" }
  }

  /// Which part this is.
  public let part: Part
  let context: DiffContext
  let state: DiffState

  package init(part: Part, context: DiffContext, state: DiffState) {
    self.part = part
    self.context = context
    self.state = state
  }

  /// The report of the whole run: exactly its figures, but for the times.
  ///
  /// - Throws: `shardMismatch` unless these are all shards of one comparison.
  public static func merge(_ shards: [DiffShard]) throws(ReportError) -> DiffReport {
    guard let first = shards.first else {
      throw .countMismatch(what: "shards", expected: 1, actual: 0)
    }
    guard shards.allSatisfy({ $0.part.count == first.part.count }) else {
      throw .shardMismatch(what: "the number of shards")
    }
    guard shards.count == first.part.count else {
      throw .countMismatch(what: "shards", expected: first.part.count, actual: shards.count)
    }
    let ordered = shards.sorted { $0.part.index < $1.part.index }
    for (position, shard) in ordered.enumerated() where shard.part.index != position + 1 {
      throw .shardMismatch(what: "their numbers: \(position + 1)/\(first.part.count) is missing")
    }
    var state = ordered[0].state
    for shard in ordered.dropFirst() {
      guard shard.context.isSameComparison(as: ordered[0].context) else {
        throw .shardMismatch(what: "models, images or options")
      }
      try state.merge(shard.state)
    }
    guard state.sampleCount == ordered[0].context.sampleCount else {
      throw .countMismatch(
        what: "images", expected: ordered[0].context.sampleCount,
        actual: state.sampleCount)
    }
    state.sortFlips()
    return DiffReport(ordered[0].context, state)
  }
}
