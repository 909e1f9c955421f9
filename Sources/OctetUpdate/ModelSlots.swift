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
    var slot = newerSlot()
    var image = SlotImage()
    for _ in 0..<2 {
      if use(slot, limit, &image) { return image }
      slot ^= 1
    }
    return nil
  }

  /// Whether the model of a slot is to be run: confirmed, or of fewer starts than `limit` and now
  /// one more. A sealed one that is not makes the other a fallback.
  @inline(never)
  private mutating func use(_ slot: Int, _ limit: Int, _ image: inout SlotImage) -> Bool {
    var seal = Block()
    guard load(.seal, &seal, slot, 0) else { return false }
    let count = startCount(slot, seal)
    image.isTrial = count >= 0
    if count < limit, verify(slot, &image) == nil, image.checksum == seal.second,
      count < 0 || note(.start, slot, seal.first, seal.second, Self.cell(ofStart: count))
    {
      return true
    }
    image.isFallback = true
    return false
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
    var seal = Block()
    guard load(.seal, &seal, slot, 0) else { throw .image }
    var count = startCount(slot, seal)
    guard count >= 0 else { return }
    // The start that was noted has a place of its own for it, so none is programmed twice.
    if isGood {
      let cell = Self.cell(ofStart: count) - 1
      guard count > 0, isErased(slot, cell),
        note(.confirmation, slot, seal.first, seal.second, cell)
      else {
        throw .flash
      }
    }
    while !isGood, count < Self.mostStarts {
      guard note(.start, slot, seal.first, seal.second, Self.cell(ofStart: count)) else {
        throw .flash
      }
      count &+= 1
    }
  }

  // MARK: Judging a slot

  /// The slot of the newer installation. Their numbers are compared around the end of the range.
  private mutating func newerSlot() -> Int {
    var (first, second) = (Block(), Block())
    guard load(.seal, &first, 0, 0), load(.seal, &second, 1, 0) else { return 0 }
    return Int32(bitPattern: second.first &- first.first) > 0 ? 1 : 0
  }

  /// How often the slot's model was started; -1 once it is confirmed.
  @inline(never)
  private mutating func startCount(_ slot: Int, _ seal: Block) -> Int {
    var found = Block()
    for count in 0..<Self.mostStarts {
      let cell = Self.cell(ofStart: count)
      if isErased(slot, cell) { return count }
      if load(.confirmation, &found, slot, cell &+ 1), found.first == seal.first,
        found.second == seal.second
      {
        return -1
      }
    }
    return Self.mostStarts
  }

  /// Reads the image of a slot whole and asks about it; what is wrong with it.
  @inline(never)
  mutating func verify(_ slot: Int, _ image: inout SlotImage) -> UpdateError? {
    var cell = SlotImage.offset / Block.byteCount
    var block = Block()
    guard load(.header, &block, slot, cell) else { return .image }
    image.slot = slot
    if let error = judge(block, &image) { return error }
    let checksum = block.third
    var crc = Checksum()
    var rest = image.blobByteCount
    while rest > 0 {
      cell &+= 1
      guard read(&block, slot, cell) else { return .flash }
      block.add(to: &crc, count: min(rest, Block.byteCount))
      rest &-= Block.byteCount
    }
    guard crc.value == checksum else { return .image }
    return platform.isAuthentic(image) ? nil : .notAuthentic
  }

  /// Takes over what a header says, if a slot can hold the image and it may be run.
  @inline(never)
  func judge(_ header: Block, _ image: inout SlotImage) -> UpdateError? {
    image.version = header.first
    image.blobByteCount = Int(truncatingIfNeeded: header.second)
    image.checksum = header.checksum
    let capacity = platform.slotByteCount &- SlotImage.blobOffset
    image.trailingByteCount = capacity &- image.blobByteCount
    // Larger than any flash: on cores of 32 bits negative.
    guard header.second <= UInt32(Int32.max), image.blobByteCount <= capacity else {
      return .tooLarge
    }
    return header.first >= platform.minimumVersion ? nil : .version
  }

  // MARK: Flash

  private static var mostStarts: Int { 7 }

  /// The cell of 64 bytes of a start's record; its confirmation has the next one.
  private static func cell(ofStart count: Int) -> Int { 1 &+ 2 &* count }

  /// Writes a record.
  @inline(never)
  mutating func note(
    _ kind: Block.Kind, _ slot: Int, _ first: UInt32, _ second: UInt32, _ cell: Int
  ) -> Bool {
    program(Block(kind, first, second), slot, cell)
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

  /// Reads a block; whether it is of this kind, and whole.
  @inline(never)
  mutating func load(
    _ kind: Block.Kind, _ block: inout Block, _ slot: Int, _ cell: Int
  ) -> Bool {
    read(&block, slot, cell) && block.isWhole(kind)
  }

  private mutating func read(_ block: inout Block, _ slot: Int, _ cell: Int) -> Bool {
    var span = block.words.mutableSpan
    var bytes = unsafe span.mutableBytes
    return platform.read(slot, at: cell &* Block.byteCount, into: &bytes)
  }
}

extension ModelSlots: Copyable where Platform: Copyable {}
