import Foundation
import OctetRuntime

/// CRC-32 (IEEE 802.3) as people compare it.
package enum CRC32 {
  /// Eight hexadecimal digits.
  package static func text(_ bytes: some ContiguousBytes) -> String {
    var checksum = Checksum()
    unsafe bytes.withUnsafeBytes { bytes in
      if let base = bytes.baseAddress { unsafe checksum.update(base, count: bytes.count) }
    }
    return String(format: "%08x", checksum.value)
  }
}
