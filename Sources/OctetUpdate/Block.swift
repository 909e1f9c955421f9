internal import OctetRuntime

/// 64 bytes, as many as are read and programmed at once: words, little-endian.
///
/// Headers and records are one block each: what it is, some words, and in the last one the CRC-32
/// of the others. One that power failure tore is none.
package struct Block {
  package static let byteCount = 64

  var words = [16 of UInt32](repeating: 0)

  init() {}

  /// A block of this kind, whole.
  package init(_ kind: Kind, _ first: UInt32, _ second: UInt32, _ third: UInt32 = 0) {
    words[0] = kind.rawValue
    words[1] = first
    words[2] = second
    words[3] = third
    words[15] = checksum(of: 60)
  }

  /// What a block says.
  package enum Kind: UInt32 {
    /// "UPD1": before the blob of an update: the model's version, the blob's bytes, their CRC-32.
    /// The digit is the format's version.
    case header = 0x3144_5055
    /// "SEAL": a slot's image is whole, authentic and passed its self-test. The number of the
    /// installation, the header's checksum.
    case seal = 0x4C41_4553
    /// "STRT": a start of a model on trial. Whatever is not erased counts as one.
    case start = 0x5452_5453
    /// "GOOD": the model is good. The same words as the seal.
    case confirmation = 0x444F_4F47
  }

  /// The first word of what it says, and the others.
  var first: UInt32 { words[1] }
  var second: UInt32 { words[2] }
  var third: UInt32 { words[3] }
  /// CRC-32 of the words before it.
  var checksum: UInt32 { words[15] }

  /// Whether it is of this kind, and whole.
  @inline(never)
  func isWhole(_ kind: Kind) -> Bool {
    words[0] == kind.rawValue && checksum == checksum(of: 60)
  }

  /// Sets the byte at `place`, in 0 ..< 64.
  mutating func set(_ byte: UInt8, at place: Int) {
    let shift = UInt32(truncatingIfNeeded: 8 &* (place & 3))
    let word = (place &>> 2) & 15
    words[word] = words[word] & ~(0xFF &<< shift) | UInt32(byte) &<< shift
  }

  /// CRC-32 of the first `count` bytes, at most 64.
  func checksum(of count: Int) -> UInt32 {
    var crc = Checksum()
    add(to: &crc, count: count)
    return crc.value
  }

  func add(to checksum: inout Checksum, count: Int) {
    let span = words.span
    // Safety: a block has as many.
    unsafe span.withUnsafeBytes { unsafe checksum.update($0.baseAddress!, count: count) }
  }

  /// The bytes in the order of memory.
  package func withBytes<Result: ~Copyable>(_ body: (RawSpan) -> Result) -> Result {
    let span = words.span
    return unsafe body(span.bytes)
  }
}
