/// An update that is coming in.
public struct SlotUpdate: Sendable {
  /// The slot of the model that runs; nil when none of a slot does.
  let running: Int?
  /// The slot that is written; known when the header is there.
  var slot = 0
  /// Bytes that came.
  public internal(set) var byteCount = 0
  /// The last of them, which are not yet in flash.
  var block = Block()
  /// What went wrong; nothing more is written after it.
  var error: UpdateError?

  /// - Parameter running: what ``ModelSlots/start()`` gave.
  public init(running: SlotImage?) { self.init(runningSlot: running?.slot) }

  package init(runningSlot: Int?) { running = runningSlot }
}

extension ModelSlots where Platform: ~Copyable {
  /// Takes the next bytes of an update: the file that `octet export --to slot` made, and behind it
  /// the signature. Nothing is erased before the first 64 are there and acceptable.
  ///
  /// - Throws: why the update is not taken; the same again for whatever comes after.
  public mutating func write(
    _ bytes: RawSpan, to update: inout SlotUpdate
  ) throws(UpdateError) {
    for offset in 0..<bytes.byteCount {
      if update.error != nil { break }
      let place = update.byteCount & (Block.byteCount - 1)
      // Safety: in bounds.
      update.block.set(
        unsafe bytes.unsafeLoad(fromUncheckedByteOffset: offset, as: UInt8.self), at: place)
      update.byteCount &+= 1
      if place == Block.byteCount - 1 { store(&update) }
    }
    if let error = update.error { throw error }
  }

  /// Verifies what was written and runs its self-test; then the slot is sealed, and the next start
  /// tries it. A power failure before the end leaves the last good model as it is.
  ///
  /// - Throws: why the update is not taken.
  public mutating func finish(_ update: inout SlotUpdate) throws(UpdateError) -> SlotImage {
    // What the block has from before lies behind the image: trailing bytes.
    if update.error == nil, update.byteCount & (Block.byteCount - 1) != 0 { store(&update) }
    if let error = update.error { throw error }
    // Once only.
    update.error = .image
    var image = SlotImage()
    if let error = verify(update.slot, &image) { throw error }
    guard update.byteCount >= image.byteCount else { throw .image }
    guard platform.passesSelfTest(image) else { throw .selfTest }
    // The other slot's is the only one before it.
    var other = Block()
    let number = load(.seal, &other, 1 &- update.slot, 0) ? other.first &+ 1 : 1
    guard note(.seal, update.slot, number, image.checksum, 0) else { throw .flash }
    image.isTrial = true
    return image
  }

  /// Puts the block that came last into flash.
  @inline(never)
  private mutating func store(_ update: inout SlotUpdate) {
    if update.byteCount <= Block.byteCount { update.error = prepare(&update) }
    guard update.error == nil else { return }
    let cell = (SlotImage.offset &+ update.byteCount &- 1) / Block.byteCount
    if (cell &+ 1) &* Block.byteCount > platform.slotByteCount {
      update.error = .tooLarge
    } else if !program(update.block, update.slot, cell) {
      update.error = .flash
    }
  }

  /// Judges the header, chooses the slot and erases it.
  private mutating func prepare(_ update: inout SlotUpdate) -> UpdateError? {
    guard update.byteCount == Block.byteCount, update.block.isWhole(.header) else { return .image }
    var image = SlotImage()
    if let error = judge(update.block, &image) { return error }
    if let good = lastGood() {
      guard platform.allowsDowngrade || image.version > good.version else { return .version }
      update.slot = 1 &- good.slot
    }
    // The running model is not erased under its feet.
    guard update.running != update.slot else { return .trial }
    return platform.erase(update.slot) ? nil : .flash
  }
}
