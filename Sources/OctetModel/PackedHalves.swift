// Integers of four bits as files have them: two a byte, the first in the lower half.

extension [Int8] {
  /// The codes, each −8…7, two a byte; after an odd number half a byte of zeros.
  package var packedInHalves: [UInt8] {
    stride(from: 0, to: count, by: 2).map { index in
      let second = index + 1 < count ? self[index + 1] : 0
      return UInt8(bitPattern: self[index] & 15 | second << 4)
    }
  }

  /// The first `count` codes of `bytes`, which has them two a byte.
  package init(halvesOf bytes: some Collection<UInt8>, count: Int) {
    self.init()
    reserveCapacity(count + 1)
    for pair in bytes {
      append(Int8(bitPattern: pair << 4) >> 4)
      append(Int8(bitPattern: pair) >> 4)
    }
    removeLast(self.count - Swift.min(count, self.count))
  }
}
