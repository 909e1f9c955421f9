import OctetCompiler
import OctetUpdate
import TestNetworks
import Testing

@Suite struct ModelSlotsTests {
  private var random = TestRandom(seed: 5)

  @Test("A model is tried, confirmed, and replaced by the next one in the other slot")
  mutating func updates() throws {
    let device = Device(EmulatedFlash(seed: 1))
    #expect(device.restart() == nil)
    let first = TestUpdate(version: 1, byteCount: 200, random: &random)
    #expect(device.install(first.bytes, running: nil) == nil)
    let image = try #require(device.restart())
    #expect(image.isTrial && !image.isFallback && image.version == 1)
    #expect(image.blobByteCount == 200 && image.trailingByteCount == 2048 - 1024 - 200)
    #expect(device.runs(first, image))
    try device.slots.confirm(image)
    // Once more is no fault.
    try device.slots.confirm(image)

    let second = TestUpdate(version: 2, byteCount: 256, random: &random)
    #expect(device.install(second.bytes, running: image) == nil)
    let next = try #require(device.restart())
    #expect(next.isTrial && next.slot != image.slot && device.runs(second, next))
    try device.slots.confirm(next)
    let again = try #require(device.restart())
    #expect(!again.isTrial && again.slot == next.slot)
    #expect(device.slots.platform.programmedTwiceCount == 0)
  }

  @Test("A model that is never confirmed ends, and the last good one runs", arguments: 1...7)
  mutating func fallsBack(trialLimit: Int) throws {
    var flash = EmulatedFlash(seed: 2)
    flash.trialLimit = trialLimit
    let device = Device(flash)
    let first = TestUpdate(version: 1, byteCount: 100, random: &random)
    let second = TestUpdate(version: 2, byteCount: 100, random: &random)
    let good = try device.adopt(first)
    #expect(device.install(second.bytes, running: good) == nil)
    for _ in 0..<trialLimit { #expect(device.runs(second, device.restart())) }
    let back = device.restart()
    #expect(device.runs(first, back) && back?.isFallback == true && back?.isTrial == false)
    // It makes room for another.
    let third = TestUpdate(version: 2, byteCount: 100, random: &random)
    let adopted = try device.adopt(third)
    #expect(adopted.slot != good.slot)
    #expect(device.slots.platform.programmedTwiceCount == 0)
  }

  @Test("A rejected model does not come again; a confirmed one cannot be rejected")
  mutating func rejects() throws {
    let device = Device(EmulatedFlash(erasedValue: 0, seed: 3))
    let first = TestUpdate(version: 1, byteCount: 100, random: &random)
    let good = try device.adopt(first)
    try device.slots.reject(good)
    #expect(device.runs(first, device.restart()))
    let second = TestUpdate(version: 2, byteCount: 100, random: &random)
    #expect(device.install(second.bytes, running: good) == nil)
    let trial = try #require(device.restart())
    #expect(trial.isTrial)
    try device.slots.reject(trial)
    #expect(device.runs(first, device.restart()))
  }

  @Test("An update is refused for what is wrong with it, and before anything is erased")
  mutating func refuses() throws {
    let device = Device(EmulatedFlash(seed: 4))
    let first = TestUpdate(version: 7, byteCount: 100, random: &random)
    let good = try device.adopt(first)
    let before = device.slots.platform.slots
    let update = TestUpdate(version: 8, byteCount: 300, random: &random).bytes
    var header = update
    header[9] ^= 4
    #expect(device.install(header, running: good) == .image)
    #expect(device.install(Array(update.prefix(63)), running: good) == .image)
    #expect(device.install([], running: good) == .image)
    let old = TestUpdate(version: 7, byteCount: 100, random: &random)
    #expect(device.install(old.bytes, running: good) == .version)
    let large = TestUpdate(version: 9, byteCount: 2048 - 1023, random: &random)
    #expect(device.install(large.bytes, running: good) == .tooLarge)
    #expect(device.slots.platform.slots == before)

    let broken = TestUpdate(version: 8, byteCount: 300, works: false, random: &random)
    #expect(device.install(broken.bytes, running: good) == .selfTest)
    var forged = update
    forged[forged.count - 1] ^= 1
    #expect(device.install(forged, running: good) == .notAuthentic)
    var damaged = update
    damaged[200] ^= 1
    #expect(device.install(damaged, running: good) == .image)
    #expect(device.install(Array(update.prefix(300)), running: good) == .image)
    // More than the slot holds behind the image; what it holds is nobody's fault.
    let trailing = [UInt8](repeating: 9, count: 2048 - 960 - update.count)
    #expect(device.install(update + trailing + [9], running: good) == .tooLarge)
    #expect(device.runs(first, device.restart()))
    #expect(device.install(update + trailing, running: good) == nil)
    #expect(device.restart()?.version == 8)
    #expect(device.slots.platform.programmedTwiceCount == 0)
  }

  @Test("A model on trial is neither overwritten nor the last good one")
  mutating func keepsTheRunningModel() throws {
    let device = Device(EmulatedFlash(seed: 6))
    let next = TestUpdate(version: 2, byteCount: 80, random: &random)
    #expect(device.install(next.bytes, running: nil) == nil)
    let trial = try #require(device.restart())
    let other = TestUpdate(version: 3, byteCount: 80, random: &random)
    #expect(device.install(other.bytes, running: trial) == .trial)
    try device.slots.confirm(trial)
    #expect(device.install(other.bytes, running: trial) == nil)
  }

  @Test("Downgrades are taken where they are allowed, and never below the platform's own counter")
  mutating func downgrades() throws {
    var flash = EmulatedFlash(seed: 7)
    flash.allowsDowngrade = true
    flash.minimumVersion = 3
    let device = Device(flash)
    _ = try device.adopt(TestUpdate(version: 9, byteCount: 80, random: &random))
    let older = TestUpdate(version: 4, byteCount: 80, random: &random)
    let running = try device.adopt(older)
    #expect(device.runs(older, device.restart()))
    let oldest = TestUpdate(version: 2, byteCount: 80, random: &random)
    #expect(device.install(oldest.bytes, running: running) == .version)
    // The counter rises: what runs is now too old, and the one before it is not.
    device.slots.platform.minimumVersion = 5
    let back = try #require(device.restart())
    #expect(back.version == 9 && back.isFallback)
  }

  @Test("The image that octet export makes is taken, and its blob is the blob")
  mutating func takesExport() throws {
    let blob = try Networks.compiled(Networks.tiny()).blob
    let image = try SlotExport.bytes(blob, version: 70_000)
    let device = Device(EmulatedFlash(slotByteCount: (blob.count + 4095) & ~511, seed: 8))
    #expect(device.install(image + EmulatedFlash.signature(of: image), running: nil) == nil)
    let found = try #require(device.restart())
    #expect(found.version == 70_000)
    let slot = device.slots.platform.slots[found.slot]
    let bytes = slot[SlotImage.blobOffset..<SlotImage.blobOffset + found.blobByteCount]
    #expect(bytes.elementsEqual(try blob.forFirmware().bytes))
  }
}
