import OctetRuntime
import Testing

@Suite struct ChecksumTests {
  private func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc = Checksum()
    bytes.withUnsafeBytes { if let base = $0.baseAddress { crc.update(base, count: $0.count) } }
    return crc.value
  }

  /// The definition: polynomial division bit by bit.
  private func oracle(_ bytes: [UInt8]) -> UInt32 {
    var register: UInt32 = 0xFFFF_FFFF
    for byte in bytes {
      register ^= UInt32(byte)
      for _ in 0..<8 { register = step(register) }
    }
    return ~register
  }

  private func step(_ register: UInt32) -> UInt32 {
    register >> 1 ^ (register & 1 == 1 ? 0xEDB8_8320 : 0)
  }

  @Test func knownValues() {
    #expect(checksum([]) == 0)
    #expect(checksum(Array("123456789".utf8)) == 0xCBF4_3926)
    #expect(checksum([0]) == 0xD202_EF8D)
  }

  @Test func equalsTheDefinition() {
    var random = RandomSource(seed: 1)
    for count in 0...200 {
      let bytes = random.bytes(count).map { UInt8(bitPattern: $0) }
      #expect(checksum(bytes) == oracle(bytes), "\(count) bytes")
    }
  }

  @Test func zerosInOneGo() {
    for count in [0, 1, 4, 33] {
      var crc = Checksum()
      crc.updateZeros(count: count)
      #expect(crc.value == checksum([UInt8](repeating: 0, count: count)))
    }
  }

  @Test func piecesAndTheWholeAgree() {
    let bytes = (0..<50).map { UInt8($0 * 5) }
    for cut in 0...50 {
      var crc = Checksum()
      bytes.withUnsafeBytes { all in
        guard let base = all.baseAddress else { return }
        crc.update(base, count: cut)
        crc.update(base + cut, count: 50 - cut)
      }
      #expect(crc.value == checksum(bytes))
    }
  }

  /// The checksum is linear: a flip changes it by what becomes of that bit alone, whatever the
  /// other bytes are. So this looks at every bit of any file up to 128 KiB.
  @Test func everySingleFlipShows() {
    var differences = (0..<8).map { bit in (0..<8).reduce(UInt32(1) << bit) { r, _ in step(r) } }
    var unseen = 0
    for _ in 0..<Effort.count(debug: 1 << 13, release: 1 << 17) {
      for bit in 0..<8 {
        unseen += differences[bit] == 0 ? 1 : 0
        for _ in 0..<8 { differences[bit] = step(differences[bit]) }
      }
    }
    #expect(unseen == 0)
  }
}
