extension Collection<Float> {
  /// The numbers as float32, four bytes each, the lowest first.
  package var littleEndianBytes: [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(4 * count)
    for value in self {
      unsafe withUnsafeBytes(of: value.bitPattern.littleEndian) { unsafe bytes += $0 }
    }
    return bytes
  }
}
