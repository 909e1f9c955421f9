internal import OctetRuntime

/// Two slots of flash, of which one always keeps the last good model.
///
/// ```swift
/// var slots = ModelSlots(platform)
/// let image = slots.start()                     // nil: run the model that came with the program
/// if let image, image.isTrial { try slots.confirm(image) }         // once it has proved itself
///
/// var update = SlotUpdate(running: image)
/// try slots.write(bytes, to: &update)           // as often as bytes come
/// let next = try slots.finish(&update)          // the next start tries it
/// ```
///
/// Power may fail at any moment. A slot counts from when its seal is written, last of all, so until
/// then the other one is untouched; after it, the new model has `trialLimit` starts to be confirmed
/// in. Every start verifies what it runs. Nothing is allocated.
///
///     seal │ start 1, confirmation 1 │ … │ start 7, confirmation 7 │ header, blob │ signature
public struct ModelSlots<Platform: SlotPlatform & ~Copyable>: ~Copyable {
  /// What was given.
  public var platform: Platform

  /// - Parameter platform: the flash, its layout and who judges; its numbers must not change.
  public init(_ platform: consuming Platform) { self.platform = platform }

  /// The model to run now: the newest that is whole, authentic, of an allowed version, and
  /// confirmed or still on trial. A trial loses one of its starts by this. Nil when no slot has
  /// any.
  public mutating func start() -> SlotImage? { newest(isStart: true) }

  /// The newest confirmed image that can be run, which no update may touch.
  mutating func lastGood() -> SlotImage? { newest(isStart: false) }

  @inline(never)
  private mutating func newest(isStart: Bool) -> SlotImage? {
    let limit = isStart ? min(max(platform.trialLimit, 1), Self.mostStarts) : 0
    let newer = newerSlot()
    var isFallback = false
    for turn in 0..<2 {
      let slot = newer ^ turn
      guard let seal = seal(slot) else { continue }
      let count = startCount(slot, seal)
      if count ?? -1 < limit, var image = try? verified(slot), image.checksum == seal.second {
        image.found.isFallback = isFallback
        image.found.isTrial = count != nil
        guard let count else { return image.found }
        if note(.start, slot, seal, Self.cell(ofStart: count)) { return image.found }
      }
      isFallback = true
    }
    return nil
  }

  /// Keeps a model on trial, from now on the last good one. Nothing for one that is confirmed.
  ///
  /// - Throws: that flash cannot be written; the next start tries the model again.
  public mutating func confirm(_ image: SlotImage) throws(UpdateError) {
    try conclude(slot: image.slot, isGood: true)
  }

  /// Ends a model's trial: the next start runs the last good one. Nothing for one that is
  /// confirmed.
  ///
  /// - Throws: that flash cannot be written.
  public mutating func reject(_ image: SlotImage) throws(UpdateError) {
    try conclude(slot: image.slot, isGood: false)
  }

  @inline(never)
  package mutating func conclude(slot: Int, isGood: Bool) throws(UpdateError) {
    guard let seal = seal(slot) else { throw .image }
    guard var count = startCount(slot, seal) else { return }
    // The start that was noted has a place of its own for it, so none is programmed twice.
    if isGood {
      let cell = Self.cell(ofStart: count) - 1
      guard count > 0, isErased(slot, cell), note(.confirmation, slot, seal, cell) else {
        throw .flash
      }
    }
    while !isGood, count < Self.mostStarts {
      guard note(.start, slot, seal, Self.cell(ofStart: count)) else { throw .flash }
      count &+= 1
    }
  }

  // MARK: Judging a slot

  /// The slot of the newer installation. Their numbers are compared around the end of the range.
  private mutating func newerSlot() -> Int {
    guard let first = seal(0), let second = seal(1) else { return 0 }
    return Int32(bitPattern: second.first &- first.first) > 0 ? 1 : 0
  }

  @inline(never)
  mutating func seal(_ slot: Int) -> Record? { record(.seal, slot, 0) }

  /// How often the slot's model was started; nil once it is confirmed.
  @inline(never)
  private mutating func startCount(_ slot: Int, _ seal: Record) -> Int? {
    for count in 0..<Self.mostStarts {
      let cell = Self.cell(ofStart: count)
      if isErased(slot, cell) { return count }
      if let found = record(.confirmation, slot, cell &+ 1), found.first == seal.first,
        found.second == seal.second
      {
        return nil
      }
    }
    return Self.mostStarts
  }

  /// The image of a slot and its header's checksum, read whole and asked about.
  @inline(never)
  mutating func verified(
    _ slot: Int
  ) throws(UpdateError) -> (found: SlotImage, checksum: UInt32) {
    let header = record(.header, slot, SlotImage.offset / Block.byteCount)
    let image = try image(header, slot)
    var crc = Checksum()
    var block = Block()
    var cell = SlotImage.blobOffset / Block.byteCount
    var rest = image.blobByteCount
    while rest > 0 {
      guard read(&block, slot, cell) else { throw .flash }
      block.add(to: &crc, count: min(rest, Block.byteCount))
      cell &+= 1
      rest &-= Block.byteCount
    }
    guard let header, crc.value == header.third else { throw .image }
    guard platform.isAuthentic(image) else { throw .notAuthentic }
    return (image, header.checksum)
  }

  /// What a header says, if there is one, a slot can hold the image and it may be run.
  @inline(never)
  func image(_ header: Record?, _ slot: Int) throws(UpdateError) -> SlotImage {
    guard let header else { throw .image }
    let capacity = platform.slotByteCount &- SlotImage.blobOffset
    guard let byteCount = Int32(exactly: header.second), byteCount <= capacity else {
      throw .tooLarge
    }
    guard header.first >= platform.minimumVersion else { throw .version }
    return SlotImage(
      slot: slot, version: header.first, blobByteCount: Int(byteCount),
      trailingByteCount: capacity &- Int(byteCount))
  }

  // MARK: Flash

  private static var mostStarts: Int { 7 }

  /// The cell of 64 bytes of a start's record; its confirmation has the next one.
  private static func cell(ofStart count: Int) -> Int { 1 &+ 2 &* count }

  /// Writes a record.
  @inline(never)
  mutating func note(_ kind: Block.Kind, _ slot: Int, _ seal: Record, _ cell: Int) -> Bool {
    program(Block(kind, seal.first, seal.second), slot, cell)
  }

  @inline(never)
  mutating func program(_ block: Block, _ slot: Int, _ cell: Int) -> Bool {
    let span = block.words.span
    return unsafe platform.program(slot, at: cell &* Block.byteCount, span.bytes)
  }

  @inline(never)
  private mutating func isErased(_ slot: Int, _ cell: Int) -> Bool {
    var block = Block()
    guard read(&block, slot, cell) else { return false }
    let erased = UInt32(platform.erasedValue) &* 0x0101_0101
    for index in 0..<16 where block.words[index] != erased { return false }
    return true
  }

  @inline(never)
  private mutating func record(_ kind: Block.Kind, _ slot: Int, _ cell: Int) -> Record? {
    var block = Block()
    return read(&block, slot, cell) ? block.record(kind) : nil
  }

  private mutating func read(_ block: inout Block, _ slot: Int, _ cell: Int) -> Bool {
    var span = block.words.mutableSpan
    var bytes = unsafe span.mutableBytes
    return platform.read(slot, at: cell &* Block.byteCount, into: &bytes)
  }
}

extension ModelSlots: Copyable where Platform: Copyable {}
