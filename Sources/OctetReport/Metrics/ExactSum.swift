/// A sum of `Double`s without rounding: the same whatever the order of the additions, so that
/// threads and shards give exactly the figures of one whole run.
///
/// The sum is a fixed-point integer wide enough for every `Double` (Kulisch, "Computer Arithmetic
/// and Validity", 2nd ed., chapter 8): limb `i` counts units of 2^(32·i − 1074). Only `value`
/// rounds, once, to the nearest `Double`, ties to even.
package struct ExactSum: Sendable {
  /// 2,098 bits of `Double`s and 78 bits for carries.
  private static let limbCount = 68
  private static let limbMask: Int64 = 0xFFFF_FFFF

  /// Below the last, limbs may leave 0 ..< 2^32 between two normalizations.
  private var limbs = [Int64](repeating: 0, count: limbCount)
  /// A limb moves by less than 2^32 an addition and starts below 2^33, so 2^30 additions stay
  /// below 2^63.
  private var pendingCount = 0
  private static let pendingCountMax = 1 << 30

  private var nanCount = 0
  private var positiveInfinityCount = 0
  private var negativeInfinityCount = 0

  package init() {}

  package mutating func add(_ value: Double) {
    guard value.isFinite else {
      nanCount += value.isNaN ? 1 : 0
      positiveInfinityCount += value == .infinity ? 1 : 0
      negativeInfinityCount += value == -.infinity ? 1 : 0
      return
    }
    // value = ± significand · 2^(shift − 1074)
    let exponent = value.exponentBitPattern
    let fraction = value.significandBitPattern
    let significand = exponent == 0 ? fraction : fraction | (1 << 52)
    let shift = exponent == 0 ? 0 : Int(exponent) - 1
    let (index, offset) = (shift / 32, UInt64(shift % 32))
    let sign: Int64 = value.sign == .minus ? -1 : 1
    // The 84 bits of significand · 2^offset in three limbs; index + 2 is at most 65.
    limbs[index] += sign * Int64((significand << offset) & 0xFFFF_FFFF)
    limbs[index + 1] += sign * Int64((significand >> (32 - offset)) & 0xFFFF_FFFF)
    limbs[index + 2] += sign * Int64(significand >> (64 - offset))
    pendingCount += 1
    if pendingCount == Self.pendingCountMax { normalize() }
  }

  /// Adds another sum, exactly.
  package mutating func merge(_ other: ExactSum) {
    var other = other
    other.normalize()
    normalize()
    for index in limbs.indices { limbs[index] += other.limbs[index] }
    normalize()
    nanCount += other.nanCount
    positiveInfinityCount += other.positiveInfinityCount
    negativeInfinityCount += other.negativeInfinityCount
  }

  /// The sum, rounded once.
  package var value: Double {
    if nanCount > 0 || (positiveInfinityCount > 0 && negativeInfinityCount > 0) { return .nan }
    if positiveInfinityCount > 0 { return .infinity }
    if negativeInfinityCount > 0 { return -.infinity }
    var magnitude = self
    magnitude.normalize()
    let isNegative = magnitude.limbs[Self.limbCount - 1] < 0
    if isNegative {
      for index in limbs.indices { magnitude.limbs[index].negate() }
      magnitude.normalize()
    }
    let rounded = Self.round(magnitude.limbs)
    return isNegative ? -rounded : rounded
  }

  /// Brings every limb but the last into 0 ..< 2^32; the last carries the sign.
  private mutating func normalize() {
    var carry: Int64 = 0
    for index in 0..<(Self.limbCount - 1) {
      let sum = limbs[index] + carry
      limbs[index] = sum & Self.limbMask
      carry = sum >> 32
    }
    limbs[Self.limbCount - 1] += carry
    pendingCount = 0
  }

  /// - Parameter limbs: normalized, not negative.
  private static func round(_ limbs: [Int64]) -> Double {
    guard let top = limbs.lastIndex(where: { $0 != 0 }) else { return 0 }
    // The top three limbs hold at least 65 significant bits; what is below them can only decide
    // ties, so it is folded into one sticky bit.
    func limb(_ index: Int) -> UInt64 { index < 0 ? 0 : UInt64(limbs[index]) }
    let high = limb(top)
    let zeros = UInt64(high.leadingZeroBitCount)
    // Bits of the top limb, then 64 bits below it, shifted so that the first 1 is bit 63.
    let below = limb(top - 1) << 32 | limb(top - 2)
    var head = high << zeros | (zeros == 0 ? 0 : below >> (64 - zeros))
    let lost = zeros == 0 ? below : below << zeros
    let isSticky = lost != 0 || (top >= 3 && limbs[..<(top - 2)].contains { $0 != 0 })
    head |= isSticky ? 1 : 0
    // Rounds to nearest even: 11 bits go, and the sticky bit is the lowest of them. Sums below
    // 2^53 units have no bits to lose, so subnormal results are exact.
    let exponent = 32 * top - Int(zeros) - 1074
    return scaled(Double(head), byPowerOfTwo: exponent)
  }

  /// `value · 2^exponent` in two steps, as 2^exponent itself may not be a normal `Double`.
  private static func scaled(_ value: Double, byPowerOfTwo exponent: Int) -> Double {
    let half = exponent / 2
    return value * Double(sign: .plus, exponent: half, significand: 1)
      * Double(sign: .plus, exponent: exponent - half, significand: 1)
  }
}

extension ExactSum: Equatable {
  package static func == (a: ExactSum, b: ExactSum) -> Bool {
    var (a, b) = (a, b)
    a.normalize()
    b.normalize()
    return a.limbs == b.limbs && a.nonFiniteCounts == b.nonFiniteCounts
  }

  private var nonFiniteCounts: [Int] { [nanCount, positiveInfinityCount, negativeInfinityCount] }
}

extension ExactSum: Codable {
  private enum CodingKeys: String, CodingKey {
    case firstLimb, limbs, nonFiniteCounts
  }

  /// The normalized limbs without the zeros at both ends.
  package func encode(to encoder: any Encoder) throws {
    var sum = self
    sum.normalize()
    let first = sum.limbs.firstIndex { $0 != 0 } ?? 0
    let last = sum.limbs.lastIndex { $0 != 0 } ?? -1
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(first, forKey: .firstLimb)
    try container.encode(first <= last ? Array(sum.limbs[first...last]) : [], forKey: .limbs)
    try container.encode(nonFiniteCounts, forKey: .nonFiniteCounts)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    let first = try container.decode(Int.self, forKey: .firstLimb)
    let saved = try container.decode([Int64].self, forKey: .limbs)
    let counts = try container.decode([Int].self, forKey: .nonFiniteCounts)
    // The last limb is bounded so that merging cannot overflow it.
    guard (0...Self.limbCount).contains(first), saved.count <= Self.limbCount - first,
      saved.allSatisfy({ abs($0 / 2) < 1 << 32 }), counts.count == 3,
      counts.allSatisfy({ (0...SavedCount.max).contains($0) })
    else { throw ReportError.invalidSaved(what: "sum") }
    limbs.replaceSubrange(first..<(first + saved.count), with: saved)
    (nanCount, positiveInfinityCount, negativeInfinityCount) = (counts[0], counts[1], counts[2])
    normalize()
  }
}

/// The bound on counts read from files: 32,767 shards of such counts can be added in an `Int`.
enum SavedCount {
  static let max = 1 << 48
}
