import OctetRuntime

/// SplitMix64: the same numbers on every machine, from a seed that a failing test prints.
struct RandomSource: RandomNumberGenerator {
  var state: UInt64

  init(seed: Int) { state = UInt64(truncatingIfNeeded: seed) &* 0x9E37_79B9_7F4A_7C15 }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func int(_ range: ClosedRange<Int>) -> Int { .random(in: range, using: &self) }

  mutating func bytes(_ count: Int, _ range: ClosedRange<Int8> = -128...127) -> [Int8] {
    (0..<count).map { _ in .random(in: range, using: &self) }
  }

  mutating func words(_ count: Int, _ range: ClosedRange<Int32>) -> [Int32] {
    (0..<count).map { _ in .random(in: range, using: &self) }
  }

  mutating func clampBounds() -> (lower: Int, upper: Int) {
    int(0...2) == 0 ? (int(-128 ... -20), int(20...127)) : (-128, 127)
  }

  /// A multiplier of about `value`, from half to twice of it.
  mutating func multiplier(near value: Double) -> FixedPointMultiplier {
    .init(value * Double.random(in: 0.5...2, using: &self))
  }
}

extension FixedPointMultiplier {
  /// `value` > 0 as `m · 2^shift` with m in 0.5..<1, m to 31 bits.
  init(_ value: Double) {
    var shift = value.exponent + 1
    var m = (value.significand / 2 * 0x1p31).rounded(.toNearestOrAwayFromZero)
    if m == 0x1p31 {
      m /= 2
      shift += 1
    }
    self.init(multiplier: Int32(m), shift: Int32(shift))
  }
}
