// What the host's pictures have from zlib, for a program without libraries.

enum InflateFailure: Error {
  /// The stream ends before its end mark.
  case truncated
  /// The bytes are no such stream, or the check sum does not hold.
  case corrupt(String)
}

/// A zlib stream over bytes in memory (RFC 1950, 1951), unpacked in pieces: never more than the
/// caller has asked for.
final class Inflater {
  enum Container { case zlib }

  private enum Stage {
    case start, block, stored(Int), codes, end
    case match(length: Int, distance: Int)
  }

  private let bytes: ArraySlice<UInt8>
  private var position: Int
  /// Bits that are read and not used, the next one lowest.
  private var bits: UInt32 = 0
  private var bitCount = 0
  private var stage = Stage.start
  private var isLastBlock = false
  private var lengths = PrefixCode()
  private var distances = PrefixCode()
  private var checksum = Adler32()

  init(_ bytes: ArraySlice<UInt8>, as container: Container) {
    self.bytes = bytes
    position = bytes.startIndex
  }

  /// Appends up to `count` bytes to `output`, which must hold all that was unpacked before; fewer
  /// only where the stream ends, whose check sum has then been compared.
  func read(_ count: Int, into output: inout [UInt8]) throws(InflateFailure) {
    let start = output.count
    output.reserveCapacity(start + count)
    while output.count - start < count, try prepare() {
      let wanted = count - (output.count - start)
      let from = output.count
      try unpack(wanted, into: &output)
      for index in from..<output.count { checksum.add(output[index]) }
    }
    if output.count - start == count { _ = try prepare() }
  }

  /// True where nothing is left to unpack.
  func isAtEnd() throws(InflateFailure) -> Bool { try !prepare() }

  /// Goes to the next place with something to unpack; false at the end of the stream.
  private func prepare() throws(InflateFailure) -> Bool {
    while true {
      switch stage {
      case .start:
        let header = Int(try take(8)) << 8 | Int(try take(8))
        // Method 8, a window of at most 32 KiB, no dictionary.
        guard header % 31 == 0, header >> 8 & 15 == 8, header >> 12 <= 7, header & 0x20 == 0 else {
          throw .corrupt("incorrect header check")
        }
        stage = .block
      case .block:
        if isLastBlock {
          try checkSum()
          stage = .end
        } else {
          try readBlockHeader()
        }
      case .stored(0): stage = .block
      case .codes:
        // The mark of a block's end unpacks nothing; all else waits for `unpack`.
        guard try lengths.peeksEnd(self) else { return true }
        stage = .block
      case .stored, .match: return true
      case .end: return false
      }
    }
  }

  private func unpack(_ count: Int, into output: inout [UInt8]) throws(InflateFailure) {
    switch stage {
    case .stored(let left):
      let taken = min(left, count)
      guard bytes.endIndex - position >= taken else { throw .truncated }
      output += bytes[position..<position + taken]
      position += taken
      stage = .stored(left - taken)
    case .codes:
      let symbol = try lengths.next(self)
      if symbol < 256 {
        output.append(UInt8(symbol))
      } else {
        let length = try Self.lengthCodes.value(symbol - 257, self)
        let distance = try Self.distanceCodes.value(try distances.next(self), self)
        guard distance <= output.count else { throw .corrupt("invalid distance too far back") }
        stage = .match(length: length, distance: distance)
      }
    case .match(let length, let distance):
      let taken = min(length, count)
      for _ in 0..<taken { output.append(output[output.count - distance]) }
      stage = taken == length ? .codes : .match(length: length - taken, distance: distance)
    case .start, .block, .end: break
    }
  }

  private func checkSum() throws(InflateFailure) {
    alignToByte()
    var sum: UInt32 = 0
    for _ in 0..<4 { sum = sum << 8 | (try take(8)) }
    guard sum == checksum.value else { throw .corrupt("incorrect data check") }
  }

  // MARK: Blocks

  private func readBlockHeader() throws(InflateFailure) {
    isLastBlock = try take(1) == 1
    switch try take(2) {
    case 0:
      alignToByte()
      let count = try take(16)
      guard try take(16) == count ^ 0xFFFF else { throw .corrupt("invalid stored block lengths") }
      // Whole bytes that were read ahead belong to the block.
      position -= bitCount / 8
      (bits, bitCount) = (0, 0)
      stage = .stored(Int(count))
    case 1:
      var widths = [UInt8](repeating: 8, count: 288)
      for symbol in 144..<256 { widths[symbol] = 9 }
      for symbol in 256..<280 { widths[symbol] = 7 }
      lengths = try PrefixCode(widths[...])
      distances = try PrefixCode([UInt8](repeating: 5, count: 30)[...], mayBePartial: true)
      stage = .codes
    case 2:
      try readCodes()
      stage = .codes
    default: throw .corrupt("invalid block type")
    }
  }

  /// The order in which the widths of the code for widths are written.
  private static let widthOrder: [Int] = [
    16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15,
  ]

  private func readCodes() throws(InflateFailure) {
    let lengthCount = Int(try take(5)) + 257
    let distanceCount = Int(try take(5)) + 1
    let widthCount = Int(try take(4)) + 4
    guard lengthCount <= 286, distanceCount <= 30 else {
      throw .corrupt("too many length or distance symbols")
    }
    var widths = [UInt8](repeating: 0, count: 19)
    for index in 0..<widthCount { widths[Self.widthOrder[index]] = UInt8(try take(3)) }
    let widthCode = try PrefixCode(widths[...])
    var all: [UInt8] = []
    while all.count < lengthCount + distanceCount {
      let symbol = try widthCode.next(self)
      if symbol < 16 {
        all.append(UInt8(symbol))
        continue
      }
      if symbol == 16, all.isEmpty { throw .corrupt("invalid bit length repeat") }
      let repeated = symbol == 16 ? all[all.count - 1] : 0
      let count =
        symbol == 16
        ? 3 + Int(try take(2)) : symbol == 17 ? 3 + Int(try take(3)) : 11 + Int(try take(7))
      guard all.count + count <= lengthCount + distanceCount else {
        throw .corrupt("invalid bit length repeat")
      }
      for _ in 0..<count { all.append(repeated) }
    }
    guard all[256] != 0 else { throw .corrupt("invalid code -- missing end-of-block") }
    lengths = try PrefixCode(all[..<lengthCount])
    distances = try PrefixCode(all[lengthCount...], mayBePartial: true)
  }

  private static let lengthCodes = Ranges(from: 3, group: 4, count: 29, last: 258)
  private static let distanceCodes = Ranges(from: 1, group: 2, count: 30, last: nil)

  // MARK: Bits

  fileprivate func take(_ count: Int) throws(InflateFailure) -> UInt32 {
    while bitCount < count {
      guard position < bytes.endIndex else { throw .truncated }
      bits |= UInt32(bytes[position]) << UInt32(bitCount)
      position += 1
      bitCount += 8
    }
    let value = bits & ((1 << UInt32(count)) - 1)
    bits >>= UInt32(count)
    bitCount -= count
    return value
  }

  private func alignToByte() {
    bits >>= UInt32(bitCount % 8)
    bitCount -= bitCount % 8
  }

  /// Whether the next symbol is the end of the block, which is then used up.
  fileprivate func takes(_ symbol: Int, of code: borrowing PrefixCode) throws(InflateFailure)
    -> Bool
  {
    let (position, bits, bitCount) = (position, bits, bitCount)
    if try code.next(self) == symbol { return true }
    (self.position, self.bits, self.bitCount) = (position, bits, bitCount)
    return false
  }
}

/// A canonical prefix code: symbols sorted by width, then by number.
private struct PrefixCode {
  /// How many symbols have each width, 1 to 15.
  private var counts = [Int](repeating: 0, count: 16)
  private var symbols: [UInt16] = []

  init() {}

  init(_ widths: ArraySlice<UInt8>, mayBePartial: Bool = false) throws(InflateFailure) {
    for width in widths where width > 0 { counts[Int(width)] += 1 }
    var free = 1
    for width in 1...15 {
      free = 2 * free - counts[width]
      guard free >= 0 else { throw .corrupt("over-subscribed code") }
    }
    for width in 1...15 where counts[width] > 0 {
      for (symbol, own) in widths.enumerated() where Int(own) == width {
        symbols.append(UInt16(symbol))
      }
    }
    // A code of one symbol, or none, is how a block without matches says so.
    guard free == 0 || mayBePartial && symbols.count <= 1 || mayBePartial && widths.count == 30
    else { throw .corrupt("incomplete code") }
  }

  func next(_ stream: Inflater) throws(InflateFailure) -> Int {
    // `code` counts within its width, `first` is that width's first code.
    var (code, first, index) = (0, 0, 0)
    for width in 1...15 {
      code |= Int(try stream.take(1))
      let count = counts[width]
      if code - first < count { return Int(symbols[index + code - first]) }
      index += count
      first = (first + count) << 1
      code <<= 1
    }
    throw .corrupt("invalid code")
  }

  func peeksEnd(_ stream: Inflater) throws(InflateFailure) -> Bool {
    try stream.takes(256, of: self)
  }
}

/// Symbols that stand for a range of numbers, whose place follows in extra bits.
private struct Ranges {
  private var bases: [Int] = []
  private var extraBits: [Int] = []

  /// Two groups of symbols without extra bits, then groups with one bit more each (3.2.5 of the
  /// RFC); the last symbol stands for `last` alone where that is given.
  init(from start: Int, group: Int, count: Int, last: Int?) {
    var base = start
    for symbol in 0..<count {
      let bits = symbol < 2 * group ? 0 : symbol / group - 1
      bases.append(base)
      extraBits.append(bits)
      base += 1 << bits
    }
    if let last {
      bases[count - 1] = last
      extraBits[count - 1] = 0
    }
  }

  func value(_ symbol: Int, _ stream: Inflater) throws(InflateFailure) -> Int {
    guard symbol < bases.count else { throw .corrupt("invalid length or distance code") }
    return bases[symbol] + Int(try stream.take(extraBits[symbol]))
  }
}

/// RFC 1950's check sum.
private struct Adler32 {
  private var sum: UInt32 = 1
  private var sumOfSums: UInt32 = 0

  mutating func add(_ byte: UInt8) {
    sum = (sum + UInt32(byte)) % 65521
    sumOfSums = (sumOfSums + sum) % 65521
  }

  var value: UInt32 { sumOfSums << 16 | sum }
}

extension PNG {
  /// CRC-32 as in gzip; a bit at a time, since pictures are small.
  static func checksum(_ bytes: ArraySlice<UInt8>) -> Int {
    var sum: UInt32 = .max
    for byte in bytes {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    // The pattern of bits, which 32-bit integers hold too.
    return Int(truncatingIfNeeded: ~sum)
  }
}
