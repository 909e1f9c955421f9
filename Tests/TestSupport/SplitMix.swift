/// Steele, Lea and Flood's SplitMix64: the same numbers from the same seed.
package struct SplitMix: RandomNumberGenerator {
  package var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }

  /// −1 ..< 1
  package mutating func float() -> Float { Float(next() >> 40) * 0x1p-23 - 1 }

  /// One to four changes: a byte set, a bit flipped, a run removed, doubled or filled.
  package mutating func mutation(of bytes: [UInt8]) -> [UInt8] {
    var result = bytes
    for _ in 0...Int.random(in: 0..<4, using: &self) where !result.isEmpty {
      let offset = Int.random(in: 0..<result.count, using: &self)
      let end = min(result.count, offset + Int.random(in: 1...9, using: &self))
      switch Int.random(in: 0..<6, using: &self) {
      case 0: result[offset] = UInt8.random(in: 0...255, using: &self)
      case 1: result[offset] ^= 1 << UInt8.random(in: 0..<8, using: &self)
      case 2: result.removeSubrange(offset..<end)
      case 3: result.insert(contentsOf: result[offset..<end], at: offset)
      case 4: for k in offset..<end { result[k] = 0xff }
      default: result[offset] = [0, 1, 0x7f, 0x80, 0xff].randomElement(using: &self) ?? 0
      }
    }
    return result
  }
}
