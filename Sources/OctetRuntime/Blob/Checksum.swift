/// CRC-32 (IEEE 802.3, reflected, polynomial 0xEDB88320), as zlib and PNG compute it.
///
/// Four bits at a time: a 64-byte table, small enough for the smallest board.
package struct Checksum: Sendable {
  private var state: UInt32 = 0xFFFF_FFFF

  package init() {}

  package var value: UInt32 { ~state }

  /// Takes in `count` bytes.
  package mutating func update(_ bytes: UnsafeRawPointer, count: Int) {
    var crc = state
    var index = 0
    while index < count {
      // Safety: the caller gives `count` readable bytes.
      crc ^= UInt32(unsafe bytes.load(fromByteOffset: index, as: UInt8.self))
      crc = (crc &>> 4) ^ Self.table(crc & 15)
      crc = (crc &>> 4) ^ Self.table(crc & 15)
      index &+= 1
    }
    state = crc
  }

  /// Takes in one byte.
  package mutating func update(_ byte: UInt8) {
    state ^= UInt32(byte)
    state = (state &>> 4) ^ Self.table(state & 15)
    state = (state &>> 4) ^ Self.table(state & 15)
  }

  /// Takes in `count` zero bytes.
  package mutating func updateZeros(count: Int) {
    for _ in 0..<count {
      state = (state &>> 4) ^ Self.table(state & 15)
      state = (state &>> 4) ^ Self.table(state & 15)
    }
  }

  private static let nibbles: [16 of UInt32] = [
    0x0000_0000, 0x1DB7_1064, 0x3B6E_20C8, 0x26D9_30AC, 0x76DC_4190, 0x6B6B_51F4,
    0x4DB2_6158, 0x5005_713C, 0xEDB8_8320, 0xF00F_9344, 0xD6D6_A3E8, 0xCB61_B38C,
    0x9B64_C2B0, 0x86D3_D2D4, 0xA00A_E278, 0xBDBD_F21C,
  ]

  @inline(__always)
  private static func table(_ index: UInt32) -> UInt32 { nibbles[Int(index)] }
}
