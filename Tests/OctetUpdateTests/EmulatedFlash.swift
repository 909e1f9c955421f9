import OctetUpdate
import TestNetworks

/// Two slots of flash that lose power when they are told to, and a platform that signs with a
/// secret. What an operation leaves behind when power fails is drawn from `random`.
struct EmulatedFlash: SlotPlatform {
  let slotByteCount: Int
  let erasedValue: UInt8
  var trialLimit = 3
  var allowsDowngrade = false
  var minimumVersion: UInt32 = 0
  /// What the flash programs at once: it is whole or torn.
  var wordByteCount = 4

  var slots: [[UInt8]]
  var random: TestRandom
  /// Words to program and pages to erase before power fails; nil: it does not.
  var operationsLeft: Int?
  var isDead = false
  /// Words programmed that were not erased, which no flash allows.
  var programmedTwiceCount = 0
  var eraseCount = 0
  /// Self-tests of images that were not judged authentic before.
  var unverifiedCount = 0
  private var authentic: SlotImage?

  private static let pageByteCount = 512

  init(slotByteCount: Int = 2048, erasedValue: UInt8 = 0xFF, seed: Int) {
    self.slotByteCount = slotByteCount
    self.erasedValue = erasedValue
    random = TestRandom(seed: seed)
    slots = []
    // As it comes: nobody erased it.
    for _ in 0..<2 {
      slots.append((0..<slotByteCount).map { _ in UInt8.random(in: 0...255, using: &random) })
    }
  }

  /// Power comes back.
  mutating func restore() { (isDead, operationsLeft) = (false, nil) }

  mutating func read(_ slot: Int, at offset: Int, into bytes: inout MutableRawSpan) -> Bool {
    if isDead || offset + bytes.byteCount > slotByteCount { return false }
    for index in 0..<bytes.byteCount {
      bytes.storeBytes(of: slots[slot][offset + index], toByteOffset: index, as: UInt8.self)
    }
    return true
  }

  mutating func erase(_ slot: Int) -> Bool {
    eraseCount += 1
    for page in stride(from: 0, to: slotByteCount, by: Self.pageByteCount) {
      let range = page..<min(page + Self.pageByteCount, slotByteCount)
      if fails() {
        // Some of its bits are erased.
        for index in range where !wasDead && Bool.random(using: &random) { scramble(slot, index) }
        return false
      }
      for index in range { slots[slot][index] = erasedValue }
    }
    return true
  }

  mutating func program(_ slot: Int, at offset: Int, _ bytes: RawSpan) -> Bool {
    guard bytes.byteCount == 64, offset % 64 == 0, offset + 64 <= slotByteCount else {
      return false
    }
    for start in stride(from: 0, to: bytes.byteCount, by: wordByteCount) {
      let isDying = fails()
      if isDying, wasDead { return false }
      for index in start..<start + wordByteCount {
        let place = offset + index
        if slots[slot][place] != erasedValue { programmedTwiceCount += 1 }
        let byte = unsafe bytes.unsafeLoad(fromUncheckedByteOffset: index, as: UInt8.self)
        slots[slot][place] = byte
        if isDying, Bool.random(using: &random) { scramble(slot, place) }
      }
      if isDying { return false }
    }
    return true
  }

  /// Whether power failed before this operation; then it is the first or a later one.
  private var wasDead = false
  private mutating func fails() -> Bool {
    wasDead = isDead
    guard let left = operationsLeft, !isDead else { return isDead }
    operationsLeft = left - 1
    isDead = left <= 0
    return isDead
  }

  private mutating func scramble(_ slot: Int, _ index: Int) {
    slots[slot][index] =
      Bool.random(using: &random) ? erasedValue : UInt8.random(in: 0...255, using: &random)
  }

  // MARK: Judging

  mutating func isAuthentic(_ image: SlotImage) -> Bool {
    if isDead { return false }
    let start = SlotImage.offset
    let signature = Self.signature(of: slots[image.slot][start..<start + image.byteCount])
    let end = start + image.byteCount
    guard image.trailingByteCount >= 8 else { return false }
    authentic = Array(slots[image.slot][end..<end + 8]) == signature ? image : nil
    return authentic != nil
  }

  mutating func passesSelfTest(_ image: SlotImage) -> Bool {
    if authentic != image { unverifiedCount += 1 }
    return !isDead && slots[image.slot][SlotImage.blobOffset] != Self.brokenModel
  }

  /// The first byte of a model that is signed and does not work.
  static let brokenModel: UInt8 = 0xBB

  /// FNV-1a with a secret in front: as good as a signature against this test.
  static func signature(of bytes: some Sequence<UInt8>) -> [UInt8] {
    var hash: UInt64 = 0x5EC2_E7A1_0F5A_917B
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    return (0..<8).map { UInt8(truncatingIfNeeded: hash >> (8 * UInt64($0))) }
  }
}
