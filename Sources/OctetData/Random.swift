/// SplitMix64 (Steele, Lea, Flood 2014): one 64-bit word of state, period 2⁶⁴.
///
/// It turns a seed, however poor, into well-mixed words. The same seed gives the same words on
/// every machine.
package struct SplitMix64: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var word = state
    word = (word ^ (word >> 30)) &* 0xbf58_476d_1ce4_e5b9
    word = (word ^ (word >> 27)) &* 0x94d0_49bb_1331_11eb
    return word ^ (word >> 31)
  }
}

/// xoshiro256** 1.0 (Blackman, Vigna 2018): period 2²⁵⁶ − 1.
///
/// Its helpers use integers and IEEE addition and multiplication only, so that a seed gives the
/// same numbers on every machine; the standard library's own `random(in:using:)` and
/// `shuffled(using:)` promise that only within one release.
package struct Xoshiro256: RandomNumberGenerator, Sendable {
  private var a: UInt64
  private var b: UInt64
  private var c: UInt64
  private var d: UInt64

  /// The state is four words of `SplitMix64(seed:)`, as the authors advise; it is never all zero.
  package init(seed: UInt64) {
    var mixer = SplitMix64(seed: seed)
    a = mixer.next()
    b = mixer.next()
    c = mixer.next()
    d = mixer.next()
  }

  /// One of many independent streams of a seed: for image `stream`, epoch `stream`, …
  package init(seed: UInt64, stream: UInt64) {
    var mixer = SplitMix64(seed: stream)
    self.init(seed: seed ^ mixer.next())
  }

  package mutating func next() -> UInt64 {
    let scrambled = b &* 5
    let result = ((scrambled << 7) | (scrambled >> 57)) &* 9
    let shifted = b << 17
    c ^= a
    d ^= b
    b ^= c
    a ^= d
    c ^= shifted
    d = (d << 45) | (d >> 19)
    return result
  }

  /// Uniform in 0 ..< `bound`, without bias (Lemire 2019). `bound` must be above 0.
  package mutating func next(below bound: Int) -> Int {
    precondition(bound > 0, "a random index needs a range that is not empty")
    let range = UInt64(bound)
    var product = next().multipliedFullWidth(by: range)
    if product.low < range {
      let rejected = (0 &- range) % range
      while product.low < rejected { product = next().multipliedFullWidth(by: range) }
    }
    return Int(product.high)
  }

  /// Uniform in 0 ..< 1, a multiple of 2⁻⁵³.
  package mutating func nextUnit() -> Double {
    Double(next() >> 11) * 0x1p-53
  }

  /// Uniform in `range`.
  package mutating func next(in range: ClosedRange<Double>) -> Double {
    range.lowerBound + (range.upperBound - range.lowerBound) * nextUnit()
  }

  /// Bell-shaped with mean 0 and standard deviation 1, within ±3.47: the scaled sum of four
  /// uniform numbers, because that needs no logarithm, whose last bit differs between libraries.
  package mutating func nextBell() -> Double {
    let sum = nextUnit() + nextUnit() + nextUnit() + nextUnit()
    return (sum - 2) * 1.732_050_807_568_877_2
  }

  /// Fisher–Yates: every order equally likely.
  package mutating func shuffle<Element>(_ elements: inout [Element]) {
    var remaining = elements.count
    while remaining > 1 {
      let index = next(below: remaining)
      remaining -= 1
      elements.swapAt(index, remaining)
    }
  }
}
