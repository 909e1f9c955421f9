/// How often a tensor's values fell into each of `binCount` equal parts of `lower…upper`.
///
/// Counts are integers, so merging is exact in any order. Zeros are counted apart: zero is
/// represented exactly whatever the scale, and after a ReLU most values are zero.
public struct ValueCounts: Sendable, Equatable {
  public static let binCount = 2048

  public let lower: Float
  public let upper: Float
  public private(set) var counts: [UInt64]
  public private(set) var zeroCount: UInt64 = 0

  public init(lower: Float, upper: Float) {
    self.lower = lower
    self.upper = upper
    counts = [UInt64](repeating: 0, count: Self.binCount)
  }

  public var totalCount: UInt64 { counts.reduce(zeroCount, +) }

  /// The width of a bin.
  public var step: Float { (upper - lower) / Float(Self.binCount) }

  /// The middle of bin `index`.
  public func center(_ index: Int) -> Float { lower + (Float(index) + 0.5) * step }

  public mutating func add(_ values: UnsafeBufferPointer<Float>) {
    let inverse = upper > lower ? Float(Self.binCount) / (upper - lower) : 0
    for value in values {
      if value == 0 {
        zeroCount += 1
      } else {
        let bin = Int(max(0, min(Float(Self.binCount - 1), (value - lower) * inverse)))
        counts[bin] += 1
      }
    }
  }

  /// Takes in the counts of a histogram over the same range.
  public mutating func merge(_ other: ValueCounts) {
    for index in counts.indices { counts[index] += other.counts[index] }
    zeroCount += other.zeroCount
  }
}
