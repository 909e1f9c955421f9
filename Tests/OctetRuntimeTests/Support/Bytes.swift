import OctetRuntime

/// How much work a test does: `swift test` alone stays quick, a release build goes all the way.
enum Effort {
  static func count(debug: Int, release: Int) -> Int {
    #if DEBUG
      debug
    #else
      release
    #endif
  }
}

extension [UInt8] {
  func u32(_ offset: Int) -> UInt32 {
    (0..<4).reduce(0) { $0 | UInt32(self[offset + $1]) << (8 * UInt32($1)) }
  }

  mutating func put(_ value: UInt32, at offset: Int) {
    for index in 0..<4 {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * UInt32(index)))
    }
  }

  /// Makes the checksum right, so that a change reaches the checks behind it.
  mutating func repairChecksum() {
    guard count >= BlobHeader.byteCount else { return }
    put(0, at: BlobHeader.checksum)
    var crc = Checksum()
    withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { crc.update(base, count: bytes.count) }
    }
    put(crc.value, at: BlobHeader.checksum)
  }
}

/// Why `bytes` are refused, nil when they are a model. They stand in memory of exactly their size,
/// 16-aligned, so that the address sanitizer sees any read beyond.
func refusal(_ bytes: [UInt8]) -> ModelError? {
  let aligned = AlignedBytes(bytes)
  do throws(ModelError) {
    _ = try Model(validating: UnsafeRawBufferPointer(aligned.buffer))
    return nil
  } catch {
    return error
  }
}
