/// How often a tensor's values fell into each of `binCount` equal parts of `lower…upper`.
///
/// Counts are integers, so merging is exact in any order. Zeros are counted apart: zero is
/// represented exactly whatever the scale, and after a ReLU most values are zero.
package struct ValueCounts: Sendable, Equatable {
  /// The number of parts, all of one width.
  package static let binCount = 2048

  /// The ends of what is counted: at most 0, and at least 0.
  package let lower: Float
  package let upper: Float
  /// How many values fell into each part, zeros apart.
  package private(set) var counts: [UInt64]
  /// Where values of both signs are: how many magnitudes fell into each of as many equal parts of
  /// 0…max(−`lower`, `upper`), zeros apart; empty elsewhere, where `counts` say it.
  package private(set) var magnitudes: [UInt64] = []
  /// How many values were 0.
  package private(set) var zeroCount: UInt64 = 0

  /// An empty histogram over `lower…upper`.
  package init(lower: Float, upper: Float) {
    self.lower = lower
    self.upper = upper
    counts = [UInt64](repeating: 0, count: Self.binCount)
    if lower < 0, upper > 0 { magnitudes = counts }
  }

  /// The greatest magnitude of what is counted.
  package var reach: Float { max(-lower, upper) }

  /// How many values were counted.
  package var totalCount: UInt64 { counts.reduce(zeroCount, +) }

  /// The width of a bin.
  package var step: Float { (upper - lower) / Float(Self.binCount) }

  /// The middle of bin `index`.
  package func center(_ index: Int) -> Float { lower + (Float(index) + 0.5) * step }

  /// Counts values; what lies outside falls into the first part or the last.
  package mutating func add(_ values: UnsafeBufferPointer<Float>) {
    let inverse = upper > lower ? Float(Self.binCount) / (upper - lower) : 0
    for index in values.indices {
      let value = unsafe values[index]
      if value == 0 {
        zeroCount += 1
      } else {
        let bin = Int(max(0, min(Float(Self.binCount - 1), (value - lower) * inverse)))
        counts[bin] += 1
        if !magnitudes.isEmpty {
          let place = abs(value) / reach * Float(Self.binCount)
          magnitudes[Int(min(Float(Self.binCount - 1), place))] += 1
        }
      }
    }
  }

  /// Takes in the counts of a histogram over the same range.
  package mutating func merge(_ other: ValueCounts) {
    for index in counts.indices { counts[index] += other.counts[index] }
    for index in magnitudes.indices { magnitudes[index] += other.magnitudes[index] }
    zeroCount += other.zeroCount
  }
}
