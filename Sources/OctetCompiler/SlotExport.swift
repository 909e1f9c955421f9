import OctetRuntime
import OctetUpdate

/// A blob as an update for devices in the field, which `OctetUpdate` puts into a slot.
public enum SlotExport {
  /// The bytes to sign and to send: a header of 64 bytes and the blob. A signature goes behind them.
  ///
  /// - Parameter version: what devices compare; a newer model has a higher one.
  /// - Throws: why the blob is not valid.
  public static func bytes(_ blob: Blob, version: UInt32) throws(ModelError) -> [UInt8] {
    let bytes = try blob.forFirmware().bytes
    var checksum = Checksum()
    unsafe bytes.withUnsafeBytes { region in
      if let base = region.baseAddress { unsafe checksum.update(base, count: region.count) }
    }
    // A blob has at most 2³⁰ bytes.
    let header = Block(
      .header, version, UInt32(truncatingIfNeeded: bytes.count), checksum.value)
    return header.withBytes { bytes in
      (0..<bytes.byteCount).map {
        unsafe bytes.unsafeLoad(fromUncheckedByteOffset: $0, as: UInt8.self)
      }
    } + bytes
  }
}
