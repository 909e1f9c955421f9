import OctetUpdate
import TestNetworks

/// A signed update, as a device gets it.
struct TestUpdate {
  var version: UInt32
  /// Header, blob, signature.
  var bytes: [UInt8]
  var works = true

  init(version: UInt32, byteCount: Int, works: Bool = true, random: inout TestRandom) {
    var blob = (0..<byteCount).map { _ in UInt8.random(in: 0...255, using: &random) }
    blob[0] = works ? 0 : EmulatedFlash.brokenModel
    let header = Block(.header, version, UInt32(blob.count), TestUpdate.checksum(blob))
    let image = header.withBytes { bytes in
      (0..<bytes.byteCount).map {
        unsafe bytes.unsafeLoad(fromUncheckedByteOffset: $0, as: UInt8.self)
      }
    } + blob
    self.version = version
    self.works = works
    bytes = image + EmulatedFlash.signature(of: image)
  }

  /// What a slot has of it.
  var image: ArraySlice<UInt8> { bytes.dropLast(8) }

  private static func checksum(_ bytes: [UInt8]) -> UInt32 {
    var crc: UInt32 = ~0
    for byte in bytes {
      crc ^= UInt32(byte)
      for _ in 0..<8 { crc = crc >> 1 ^ (crc & 1 == 1 ? 0xEDB8_8320 : 0) }
    }
    return ~crc
  }
}

/// A device: its slots, and what it does with an update.
final class Device {
  var slots: ModelSlots<EmulatedFlash>

  init(_ flash: EmulatedFlash) { slots = ModelSlots(flash) }

  /// Power comes back, and the device starts.
  func restart() -> SlotImage? {
    slots.platform.restore()
    return slots.start()
  }

  /// Writes an update in pieces; nil when it is sealed.
  func install(
    _ bytes: [UInt8], running: SlotImage?, pieces: Int = 100
  ) -> UpdateError? {
    var update = SlotUpdate(running: running)
    do throws(UpdateError) {
      var start = 0
      while start < bytes.count {
        let end = min(start + pieces, bytes.count)
        let piece = Array(bytes[start..<end])
        try slots.write(piece.span.bytes, to: &update)
        start = end
      }
      _ = try slots.finish(&update)
      return nil
    } catch {
      return error
    }
  }

  /// The header and the blob of a slot.
  func contents(of image: SlotImage) -> ArraySlice<UInt8> {
    slots.platform.slots[image.slot][SlotImage.offset..<SlotImage.offset + image.byteCount]
  }

  func runs(_ update: TestUpdate, _ image: SlotImage?) -> Bool {
    image.map { contents(of: $0).elementsEqual(update.image) } ?? false
  }

  /// Installs an update that is good, starts it and confirms it.
  func adopt(_ update: TestUpdate) throws -> SlotImage {
    let running = restart()
    if let error = install(update.bytes, running: running) { throw error }
    guard let image = restart() else { throw UpdateError.image }
    try slots.confirm(image)
    return image
  }
}
