import Foundation
import OctetData
import Testing

/// A folder that is gone when the test is.
final class TemporaryFolder {
  let path: String

  init() throws {
    path = NSTemporaryDirectory() + "/octet-data-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  /// Writes a file, with the folders that it needs; gives its path.
  @discardableResult
  func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = URL(fileURLWithPath: path + "/" + name)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try Data(bytes).write(to: url)
    return url.path
  }
}

/// Bytes changed at random: flipped, set, cut out, doubled or cut off.
func mutated(_ bytes: [UInt8], using random: inout Xoshiro256) -> [UInt8] {
  var result = bytes
  for _ in 0...random.next(below: 4) where !result.isEmpty {
    let index = random.next(below: result.count)
    switch random.next(below: 6) {
    case 0: result[index] ^= 1 << UInt8(random.next(below: 8))
    case 1: result[index] = [0, 1, 0x7f, 0x80, 0xff][random.next(below: 5)]
    case 2: result.remove(at: index)
    case 3: result.insert(UInt8(random.next(below: 256)), at: index)
    case 4: result.removeLast(result.count - index)
    default: result.append(contentsOf: result[index...])
    }
  }
  return result
}

/// The CRC-32 of gzip and PNG, bit by bit, as an oracle.
func crc32(_ bytes: some Sequence<UInt8>) -> UInt32 {
  var remainder = UInt32.max
  for byte in bytes {
    remainder ^= UInt32(byte)
    for _ in 0..<8 {
      remainder = remainder & 1 == 1 ? (remainder >> 1) ^ 0xedb8_8320 : remainder >> 1
    }
  }
  return ~remainder
}

/// The bytes of a gzip file with one stored block, which needs no compressor.
func gzipped(_ bytes: [UInt8]) -> [UInt8] {
  let count = UInt16(bytes.count)
  var file: [UInt8] = [0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 1]
  file += littleEndian(UInt32(count) | UInt32(~count) << 16) + bytes
  return file + littleEndian(crc32(bytes)) + littleEndian(UInt32(count))
}

func littleEndian(_ word: UInt32) -> [UInt8] {
  [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: word >> $0) }
}

extension DataError {
  /// True for `malformed`.
  var isMalformed: Bool {
    if case .malformed = self { true } else { false }
  }
}
