/// xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64: the same sequence from the
/// same seed on every machine. The standard library's shuffle may change between releases, so
/// what depends on the sequence is written out here.
package struct SeededGenerator: RandomNumberGenerator, Sendable {
  private var state: (UInt64, UInt64, UInt64, UInt64)

  package init(seed: UInt64) {
    var seed = seed
    func next() -> UInt64 {
      seed &+= 0x9e37_79b9_7f4a_7c15
      var z = seed
      z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
      z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  package mutating func next() -> UInt64 {
    func rotate(_ x: UInt64, _ count: UInt64) -> UInt64 { (x << count) | (x >> (64 - count)) }
    let result = rotate(state.1 &* 5, 7) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = rotate(state.3, 45)
    return result
  }

  /// 0 ..< bound, without bias worth speaking of (bound is far below 2⁶⁴).
  package mutating func next(below bound: Int) -> Int {
    Int(next().multipliedFullWidth(by: UInt64(bound)).high)
  }

  /// Uniform in [−bound, bound), in steps of 2⁻²³ · bound.
  package mutating func uniform(bound: Float) -> Float {
    (Float(next() >> 40) * 0x1p-23 - 1) * bound
  }

  /// Fisher and Yates.
  package mutating func shuffle(_ indices: inout [Int]) {
    for last in stride(from: indices.count - 1, to: 0, by: -1) {
      indices.swapAt(last, next(below: last + 1))
    }
  }
}
