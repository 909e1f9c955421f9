/// The check sum of Castagnoli's polynomial (RFC 3720, appendix B.4), a byte at a time by a table.
package enum CRC32C {
  /// The remainder of each byte by the polynomial, bits reversed.
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte)) { value, _ in
      value & 1 == 1 ? value >> 1 ^ 0x82f6_3b78 : value >> 1
    }
  }

  package static func checksum(_ bytes: some Sequence<UInt8>) -> UInt32 {
    ~bytes.reduce(~UInt32(0)) { sum, byte in
      sum >> 8 ^ table[Int(UInt8(truncatingIfNeeded: sum) ^ byte)]
    }
  }

  /// The sum as TFRecord files hold it: a sum over bytes that hold sums themselves is a poor one.
  package static func masked(_ bytes: some Sequence<UInt8>) -> UInt32 {
    let sum = checksum(bytes)
    return (sum >> 15 | sum << 17) &+ 0xa282_ead8
  }
}
