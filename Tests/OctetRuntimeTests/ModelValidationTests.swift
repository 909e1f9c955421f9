import BlobFuzz
import OctetCompiler
import OctetRuntime
import TestNetworks
import Testing

/// Damaged files: whatever was lost, added or flipped, a model is refused with the cause.
@Suite struct ModelValidationTests {
  static let tiny = Result { try Networks.compiled(Networks.tiny()).blob.bytes }
  static let lenet = Result { try Networks.compiled(Networks.lenet(), sampleCount: 2).blob.bytes }

  @Test func whatTheCompilerWritesIsAccepted() throws {
    for bytes in [try Self.tiny.get(), try Self.lenet.get()] {
      #expect(refusal(bytes) == nil)
      #expect(GuardedRun.fault(try LoadedModel(bytes)) == nil)
    }
  }

  @Test func emptyAndShort() throws {
    #expect(throws: ModelError(.truncated, at: 0)) {
      _ = try Model(validating: UnsafeRawBufferPointer(start: nil, count: 0))
    }
    for count in 0..<BlobHeader.byteCount {
      let error = refusal([UInt8](repeating: 0x4F, count: count))
      #expect(error == ModelError(.truncated, at: count))
    }
  }

  @Test(arguments: 1...3)
  func misaligned(by shift: Int) throws {
    let bytes = try Self.tiny.get()
    let words = [UInt64](repeating: 0, count: bytes.count / 8 + 2)
    #expect(throws: ModelError(.misaligned, at: 0)) {
      _ = try Model(validating: words.span.bytes.extracting(shift..<shift + bytes.count))
    }
  }

  @Test func everyTruncation() throws {
    let tiny = try Self.tiny.get()
    for count in 0..<tiny.count {
      let error = try #require(refusal(Array(tiny[..<count])), "the first \(count) bytes")
      #expect([.truncated, .byteCount].contains(error.cause))
    }
    let lenet = try Self.lenet.get()
    for count in stride(from: 0, to: lenet.count, by: Effort.count(debug: 997, release: 1)) {
      #expect(refusal(Array(lenet[..<count])) != nil, "the first \(count) bytes")
    }
  }

  /// The same with a header that owns up to the length and a right checksum.
  @Test func everyTruncationThatHidesItself() throws {
    let tiny = try Self.tiny.get()
    let step = Effort.count(debug: 5, release: 1)
    for count in stride(from: BlobHeader.byteCount, to: tiny.count, by: step) {
      var bytes = Array(tiny[..<count])
      bytes.put(UInt32(count), at: BlobHeader.blobByteCount)
      bytes.repairChecksum()
      #expect(refusal(bytes)?.cause == .sectionOutOfBounds, "the first \(count) bytes")
    }
  }

  @Test func bytesTooMany() throws {
    let tiny = try Self.tiny.get()
    for count in [1, 2, 4, 64] {
      let more = tiny + [UInt8](repeating: 0, count: count)
      #expect(refusal(more)?.cause == .byteCount)
    }
  }

  /// Every bit of a small blob and a sample of LeNet's; `ChecksumTests` shows why no bit can hide.
  @Test func everySingleBitFlip() throws {
    let tiny = try Self.tiny.get()
    for bit in stride(from: 0, to: 8 * tiny.count, by: Effort.count(debug: 23, release: 1)) {
      var bytes = tiny
      bytes[bit / 8] ^= 1 << (bit % 8)
      let error = try #require(refusal(bytes), "bit \(bit % 8) of byte \(bit / 8)")
      #expect((0...bytes.count).contains(error.offset))
    }
    let lenet = try Self.lenet.get()
    let step = Effort.count(debug: 9973, release: 199)
    for bit in stride(from: 5, to: 8 * lenet.count, by: step) {
      var bytes = lenet
      bytes[bit / 8] ^= 1 << (bit % 8)
      #expect(refusal(bytes) != nil, "bit \(bit % 8) of byte \(bit / 8)")
    }
  }

  @Test func garbage() {
    var random = RandomSource(seed: 20)
    for count in 0..<Effort.count(debug: 600, release: 6000) {
      var bytes = random.bytes(count).map { UInt8(bitPattern: $0) }
      #expect(refusal(bytes) != nil)
      guard count >= BlobHeader.byteCount else { continue }
      // Garbage behind the right first bytes and the right checksum.
      bytes.put(BlobHeader.magicValue, at: BlobHeader.magic)
      bytes.put(BlobHeader.versionValue, at: BlobHeader.version)
      bytes.put(UInt16(BlobHeader.byteCount), at: BlobHeader.headerByteCount)
      bytes.put(UInt32(count), at: BlobHeader.blobByteCount)
      bytes.repairChecksum()
      #expect(refusal(bytes) != nil, "\(count) bytes of garbage, seed 20")
    }
  }

  @Test func eachCauseIsOneSentencePart() {
    for cause in ModelError.Cause.allCases {
      let text = "\(ModelError(cause, at: 7))"
      #expect(text.hasPrefix("byte 7: ") && text.count > 30 && !text.hasSuffix("."))
    }
  }
}
