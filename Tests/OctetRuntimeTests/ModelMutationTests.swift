import BlobFuzz
import OctetCompiler
import OctetRuntime
import TestNetworks
import Testing

/// Blobs changed by somebody who knows the format: the checksum is right, so that every change
/// reaches the structural checks. Each is refused, or runs inside its arena.
@Suite struct ModelMutationTests {
  /// A tiny LeNet, every operator, and networks of other shapes.
  static let blobs = Result {
    try [Networks.tiny(), Networks.everyOperator()].map { try Networks.compiled($0).blob.bytes }
      + (1...5).map { try Networks.compiled(Networks.random(seed: $0)).blob.bytes }
  }

  /// Values that break arithmetic, and neighbours of the right one.
  private static func hostileValues(_ value: UInt32) -> [UInt32] {
    [0, 1, 0x7FFF_FFFF, 0x8000_0000, 0xFFFF_FFFF, value &- 1, value &+ 1, value &* 2, value / 2]
  }

  @Test(arguments: 0..<7)
  func everyFieldOfEveryRecord(blob index: Int) throws {
    let original = try Self.blobs.get()[index]
    let end = Int(original.value(of: BlobHeader.stringOffset))
    var tally = Tally()
    for offset in stride(from: 0, to: end, by: 4) {
      for (turn, value) in Self.hostileValues(original.u32(offset)).enumerated()
      where (turn + offset / 4) % Effort.count(debug: 3, release: 1) == 0 {
        var bytes = original
        bytes.put(value, at: offset)
        if offset != BlobHeader.checksum.offset { bytes.repairChecksum() }
        try tally.look(bytes, "word at \(offset) is \(value)")
      }
    }
    tally.expectFewSkipped()
    #expect(tally.refusedCount > tally.acceptedCount)
  }

  @Test(arguments: 1...12)
  func randomChanges(seed: Int) throws {
    let blobs = try Self.blobs.get()
    var random = RandomSource(seed: seed)
    var tally = Tally()
    for round in 0..<Effort.count(debug: 250, release: 5000) {
      var bytes = blobs[seed % blobs.count]
      for _ in 0..<random.int(1...4) { bytes.mutate(&random) }
      bytes.put(UInt32(bytes.count), at: BlobHeader.blobByteCount)
      bytes.repairChecksum()
      try tally.look(bytes, "seed \(seed), round \(round)")
    }
    tally.expectFewSkipped()
    #expect(tally.acceptedCount > 0 && tally.refusedCount > 0)
  }

  /// Two blobs' tables cut together.
  @Test func crossovers() throws {
    let blobs = try Self.blobs.get()
    var random = RandomSource(seed: 77)
    var tally = Tally()
    for round in 0..<Effort.count(debug: 300, release: 5000) {
      var bytes = blobs[random.int(0...blobs.count - 1)]
      let other = blobs[random.int(0...blobs.count - 1)]
      let start = random.int(16...min(bytes.count, other.count) - 1)
      let end = random.int(start...min(bytes.count, other.count))
      bytes.replaceSubrange(start..<end, with: other[start..<end])
      bytes.put(UInt32(bytes.count), at: BlobHeader.blobByteCount)
      bytes.repairChecksum()
      try tally.look(bytes, "seed 77, round \(round)")
    }
    tally.expectFewSkipped()
  }

  /// What became of the blobs that were looked at.
  private struct Tally {
    var refusedCount = 0
    var acceptedCount = 0
    /// Accepted, but too long to run here.
    var skippedCount = 0

    mutating func look(_ bytes: [UInt8], _ comment: String) throws {
      if let error = refusal(bytes) {
        refusedCount += 1
        #expect((0...bytes.count).contains(error.offset), "\(comment): \(error)")
        return
      }
      acceptedCount += 1
      let model = try LoadedModel(bytes)
      guard model.arenaByteCount < 1 << 20,
        Backend.available.allSatisfy({ model.workspaceByteCount(for: $0) < 1 << 24 }),
        model.view.stepCount < Effort.count(debug: 1 << 19, release: 1 << 24)
      else {
        skippedCount += 1
        return
      }
      let isThorough = acceptedCount % Effort.count(debug: 10, release: 1) == 0
      let fault = GuardedRun.fault(model, isThorough ? Backend.available : [.portable])
      #expect(fault == nil, "\(comment)")
    }

    func expectFewSkipped() {
      #expect(
        10 * skippedCount <= acceptedCount + 50, "\(skippedCount) of \(acceptedCount) were not run")
    }
  }
}

extension [UInt8] {
  /// One change, more likely in the header and the tables than in the weights.
  fileprivate mutating func mutate(_ random: inout RandomSource) {
    let tables = Int(value(of: BlobHeader.stringOffset))
    let limit =
      switch random.int(0...5) {
      case 0: BlobHeader.byteCount
      case 1...4: Swift.min(Swift.max(tables, 100), count)
      default: count
      }
    let offset = random.int(16...limit - 4) & ~3
    switch random.int(0...6) {
    case 0: self[random.int(16...limit - 1)] = UInt8(random.int(0...255))
    case 1: self[random.int(16...limit - 1)] ^= 1 << UInt8(random.int(0...7))
    case 2: put(u32(offset) &+ UInt32(truncatingIfNeeded: random.int(-8...8)), at: offset)
    case 3: put(u32(random.int(16...limit - 4) & ~3), at: offset)
    case 4: put(1 << UInt32(random.int(0...31)), at: offset)
    case 5: put(u32(offset) &* UInt32(random.int(2...5)), at: offset)
    default: put(UInt32(truncatingIfNeeded: Int(random.next() >> 32)), at: offset)
    }
  }
}
