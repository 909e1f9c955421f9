import Foundation
import OctetUpdate
import TestNetworks
import Testing

@Suite struct PowerFailureTests {
  /// Power fails at every word that an update programs, every page that it erases, and every record
  /// of the starts after it, once each.
  @Test("Power may fail at every step", arguments: [0xFF, 0x00] as [UInt8])
  func everyStep(erasedValue: UInt8) throws {
    var random = TestRandom(seed: 11)
    let first = TestUpdate(version: 1, byteCount: 100, random: &random)
    let second = TestUpdate(version: 2, byteCount: 90, random: &random)
    var step = 0
    var isComplete = false
    while !isComplete {
      let device = Device(EmulatedFlash(erasedValue: erasedValue, seed: step))
      let good = try device.adopt(first)
      device.slots.platform.operationsLeft = step
      let error = device.install(second.bytes, running: good)
      if error == nil {
        // Without a restart's new power: it fails while the model is tried and confirmed.
        if let image = device.slots.start() { try? device.slots.confirm(image) }
      }
      isComplete = !device.slots.platform.isDead
      let image = device.restart()
      let isSecond = device.runs(second, image)
      #expect(isSecond || device.runs(first, image), "step \(step)")
      #expect(isSecond == (error == nil) || image?.isTrial == true, "step \(step)")
      // The way is free for another try.
      if !isSecond { _ = try device.adopt(second) }
      #expect(device.slots.platform.programmedTwiceCount == 0, "step \(step)")
      step += 1
    }
    #expect(step > 60)
  }

  /// 100,000 with OCTET_ALL_UPDATES=1; a sample of them otherwise.
  static let updateCount =
    ProcessInfo.processInfo.environment["OCTET_ALL_UPDATES"] != nil ? 100_000 : 4_000

  @Test(
    "Torn, corrupted, replayed and downgraded updates: the last good model runs, and no other",
    arguments: 0..<8)
  func survives(part: Int) throws {
    var life = Life(seed: part, allowsDowngrade: part % 4 == 3)
    for _ in 0..<Self.updateCount / 8 { try life.update() }
    let flash = life.device.slots.platform
    #expect(flash.programmedTwiceCount == 0)
    #expect(flash.unverifiedCount == 0)
    #expect(life.adoptedCount * 10 > Self.updateCount / 8, "updates come through as well")
    #expect(life.kinds.count == Life.Attack.allCases.count)
  }
}

/// A device's life in a hostile world, and what must be true of it after each update.
struct Life: ~Copyable {
  enum Attack: CaseIterable {
    /// Nothing: a newer model comes.
    case none
    case torn, cutOff, flipped, foreign, garbage, broken
    /// An update from before comes again.
    case replayed
    /// A genuine one that is older than the last good one.
    case downgraded
    /// Bits flip in a slot at rest.
    case decayed
  }

  let device: Device
  var random: TestRandom
  var kinds: Set<Attack> = []
  var adoptedCount = 0
  private var version: UInt32 = 100
  private var history: [TestUpdate] = []
  /// The confirmed model that must run, and the one in the other slot that comes if it decays.
  private var good: TestUpdate?
  private var spare: TestUpdate?
  /// The model that is on trial.
  private var pending: TestUpdate?

  init(seed: Int, allowsDowngrade: Bool) {
    random = TestRandom(seed: seed)
    var flash = EmulatedFlash(erasedValue: seed % 2 == 0 ? 0xFF : 0, seed: seed)
    flash.allowsDowngrade = allowsDowngrade
    flash.wordByteCount = [1, 4, 8, 16, 32, 64][seed % 6]
    device = Device(flash)
  }

  mutating func update() throws {
    let running = try start()
    // Every third is a good one.
    let isPeaceful = good == nil || Int.random(in: 0..<3, using: &random) == 0
    let attack = isPeaceful ? .none : Attack.allCases.randomElement(using: &random) ?? .none
    kinds.insert(attack)
    if attack == .decayed { return try decay() }
    let update = make(attack)
    let bytes = spoiled(update.bytes, by: attack)
    if attack == .torn {
      device.slots.platform.operationsLeft = Int.random(in: 0..<120, using: &random)
    }
    let eraseCount = device.slots.platform.eraseCount
    let error = device.install(
      bytes, running: running, pieces: Int.random(in: 1...300, using: &random))
    // The model of the other slot is given up for the new one.
    if device.slots.platform.eraseCount > eraseCount { spare = nil }
    switch attack {
    case .none, .torn:
      #expect(error == nil || device.slots.platform.isDead)
    case .downgraded, .replayed:
      let isNewer = update.version > good?.version ?? 0
      let isTaken = device.slots.platform.allowsDowngrade || isNewer
      #expect(error == (isTaken ? nil : .version))
    case .broken: #expect(error == .selfTest)
    case .flipped, .cutOff, .foreign, .garbage:
      #expect(error != nil && error != .selfTest)
    case .decayed: break
    }
    // A seal that was torn may be whole.
    if error == nil || attack == .torn { try conclude(update, isSealed: error == nil) }
  }

  /// The device starts and runs what it must.
  private mutating func start() throws -> SlotImage? {
    let image = device.restart()
    if let good {
      #expect(device.runs(good, image) && image?.isTrial == false)
    } else {
      #expect(image == nil)
    }
    return image
  }

  /// An update is sealed, or may be: its trial, with power that fails now and then.
  private mutating func conclude(_ update: TestUpdate, isSealed: Bool) throws {
    guard let image = device.restart() else {
      #expect(!isSealed && good == nil)
      return
    }
    guard device.runs(update, image) else {
      // It was torn before its end.
      #expect(!isSealed && good.map { device.runs($0, image) } == true)
      return
    }
    #expect(image.isTrial && update.works)
    history.append(update)
    switch Int.random(in: 0..<6, using: &random) {
    case 0: try device.slots.reject(image)
    case 1:
      // Nobody confirms it; the last of its starts has none to fall back to, or the last good one.
      for _ in 0..<3 { _ = device.restart() }
    case 2:
      device.slots.platform.operationsLeft = Int.random(in: 0..<16, using: &random)
      try? device.slots.confirm(image)
      settle(update)
    default:
      try device.slots.confirm(image)
      adopt(update)
    }
  }

  /// After a confirmation that may have been torn.
  private mutating func settle(_ update: TestUpdate) {
    let image = device.restart()
    #expect(device.runs(update, image))
    if image?.isTrial == true { try? image.map { try device.slots.confirm($0) } }
    adopt(update)
  }

  private mutating func adopt(_ update: TestUpdate) {
    (spare, good) = (good, update)
    adoptedCount += 1
  }

  /// Bits flip in one slot: the model there is found out or is as it was, and the other one runs.
  private mutating func decay() throws {
    let image = try #require(device.restart())
    // The slot that runs only where there is another to fall back to.
    let slot = spare != nil && Bool.random(using: &random) ? image.slot : 1 - image.slot
    for _ in 0..<Int.random(in: 1...9, using: &random) {
      let place = Int.random(in: 0..<device.slots.platform.slotByteCount, using: &random)
      device.slots.platform.slots[slot][place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    }
    var found = device.restart()
    // A confirmation that decayed leaves its model on trial again, perhaps more than once.
    while let image = found, image.isTrial, (try? device.slots.confirm(image)) == nil {
      found = device.restart()
    }
    let runsGood = good.map { device.runs($0, found) } ?? false
    let runsSpare = spare.map { device.runs($0, found) } ?? false
    #expect(runsGood || runsSpare)
    if slot != image.slot {
      #expect(runsGood)
      spare = nil
      return
    }
    if runsSpare { (good, spare) = (spare, nil) }
  }

  private mutating func make(_ attack: Attack) -> TestUpdate {
    switch attack {
    case .replayed: return history.randomElement(using: &random) ?? make(.none)
    case .downgraded:
      let version = UInt32.random(in: 1...(good?.version ?? 1), using: &random)
      return TestUpdate(version: version, byteCount: 70, random: &random)
    default:
      version += 1
      return TestUpdate(
        version: version, byteCount: Int.random(in: 1...400, using: &random),
        works: attack != .broken, random: &random)
    }
  }

  private mutating func spoiled(_ bytes: [UInt8], by attack: Attack) -> [UInt8] {
    var bytes = bytes
    switch attack {
    case .cutOff: bytes.removeLast(Int.random(in: 9...bytes.count, using: &random))
    case .flipped:
      let place = Int.random(in: 0..<bytes.count, using: &random)
      bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &random)
    case .foreign:
      for index in bytes.indices.suffix(8) { bytes[index] = .random(in: 0...255, using: &random) }
    case .garbage:
      for index in bytes.indices { bytes[index] = .random(in: 0...255, using: &random) }
    default: break
    }
    return bytes
  }
}
