import OctetCompiler
import OctetReport
import OctetRuntime

extension BoardComparer {
  /// Pieces whose checksums are taken at once.
  private static let pieceCount = 64
  /// Bytes that are fetched to look at them.
  private static let windowByteCount = 1024

  /// What is wrong with the blob or with how the board opened it; nil where it runs.
  func blobFinding(_ hello: DiffHello) throws(BoardError) -> BoardFinding? {
    if hello.errorCode == ModelError.Cause.misaligned.rawValue {
      return addressFinding("blob", hello.blobAddress)
    }
    if hello.errorCode == ErrorCode.arenaMisaligned.rawValue {
      return addressFinding("arena", hello.arenaAddress)
    }
    if let finding = try otherModel(hello) { return finding }
    if let finding = try damageFinding(hello, isAfterRun: false) { return finding }
    guard hello.errorCode != 0 else { return nil }
    let text = ErrorCode.text(of: hello.errorCode).map { "\($0)" } ?? "an unknown error"
    let isOld =
      [ModelError.Cause.version, .operatorKind, .operatorNotLinked, .arithmetic]
      .contains { Int($0.rawValue) == hello.errorCode }
      || hello.formatVersion < Int(BlobHeader.versionValue)
    var finding = BoardFinding(
      isOld ? .oldLibrary : .refused,
      summary: "the board has the right bytes and refuses them, code \(hello.errorCode) at "
        + "\(hello.errorDetail): \(text)")
    finding.blobOffset = hello.errorCode < 97 ? hello.errorDetail : nil
    if hello.errorCode < 97, let index = operatorRecord(at: hello.errorDetail) {
      finding.operatorIndex = index
      finding.layer = reference.model.operator(index).name
    }
    if isOld {
      finding.reasons = [
        hello.libraryVersion == DiffServer.libraryVersion
          ? "its library was built for another model's operators, or is of an older format; build "
            + "it again with this model: octet board library MODEL.oct"
          : Self.olderLibrary(hello)
      ]
    } else if hello.errorCode == ErrorCode.arenaTooSmall.rawValue {
      finding.reasons = [
        "the arena has \(hello.arenaByteCount) bytes, and \(hello.errorDetail) are needed"
      ]
    }
    return finding
  }

  private func addressFinding(_ what: String, _ address: Int) -> BoardFinding {
    BoardFinding(
      .misaligned,
      summary: "the \(what) is at address 0x\(String(address, radix: 16)), which is no multiple of "
        + "4",
      reasons: ["declare it with _Alignas(16), or align its section in the linker script"])
  }

  /// The operator whose record has the byte.
  private func operatorRecord(at offset: Int) -> Int? {
    (0..<reference.model.operatorCount).first {
      let start = reference.model.operator($0).offset
      return (start..<start + OperatorRecord.byteCount).contains(offset)
    }
  }

  /// A valid blob that is not this one.
  private func otherModel(_ hello: DiffHello) throws(BoardError) -> BoardFinding? {
    let count = min(BlobHeader.byteCount, hello.blobByteCount)
    guard count == BlobHeader.byteCount else { return nil }
    let header = try client.exchange([.blob(0..<count)])[0]
    guard header.count == count else { return nil }
    func word(_ bytes: [UInt8], _ field: Field<UInt32>) -> UInt32 {
      UInt32(littleEndian: bytes[field.offset..<field.offset + 4])
    }
    let checksum = word(header, BlobHeader.checksum)
    let own = blob.bytes
    // A blob that was not validated names nothing.
    let isValid = hello.errorCode == 0 || hello.errorCode > ModelError.Cause.checksum.rawValue
    guard isValid, word(header, BlobHeader.magic) == BlobHeader.magicValue,
      checksum != word(own, BlobHeader.checksum)
    else { return nil }
    return BoardFinding(
      .otherModel,
      summary: "the board has another model: checksum \(String(checksum, radix: 16)), "
        + "\(word(header, BlobHeader.blobByteCount)) bytes, where this one has "
        + "\(String(word(own, BlobHeader.checksum), radix: 16)), \(own.count) bytes",
      reasons: ["flash this model, or compare with the file that was flashed"])
  }

  // MARK: Damage

  /// The first byte of the blob that differs, and what it is; nil when all are right.
  func damageFinding(
    _ hello: DiffHello, isAfterRun: Bool
  ) throws(BoardError) -> BoardFinding? {
    let shared = min(hello.blobByteCount, blob.count)
    guard let window = try firstWindow(0..<shared) else {
      guard shared < blob.count else { return nil }
      return truncated(at: shared, "the board has \(shared) of the blob's \(blob.count) bytes")
    }
    let actual = try client.exchange([.blob(window)])[0]
    let expected = Array(blob.bytes[window])
    guard actual.count == expected.count,
      let first = expected.indices.first(where: { actual[$0] != expected[$0] })
    else {
      throw .line(name: client.link.name, problem: "the blob's bytes change while they are read")
    }
    let offset = window.lowerBound + first
    if let erased = try erasedByte(from: offset, to: shared) {
      let text = String(format: "%02x", erased)
      return truncated(
        at: offset, "from byte \(offset) on the board's blob is nothing but 0x\(text)")
    }
    var finding = BoardFinding(.damagedModel, summary: "")
    finding.blobOffset = offset
    finding.expectedByte = Int(expected[first])
    finding.actualByte = Int(actual[first])
    let found = map.part(at: offset)
    if let found {
      finding.operatorIndex = found.part.operatorIndex
      finding.layer = reference.model.operator(found.part.operatorIndex).name
      finding.tensor = found.part.name
      finding.element = found.element
    }
    let place = found.map { "element \($0.element) of the \($0.part.name)" }
    finding.summary =
      "byte \(offset) of the board's blob is \(actual[first]) where \(expected[first]) is "
      + "expected: \(place ?? map.section(at: offset))"
      + (isAfterRun ? ", though it was right before the model ran" : "")
    finding.reasons = damageReasons(expected, actual, first, isAfterRun: isAfterRun)
    return finding
  }

  private func truncated(at offset: Int, _ summary: String) -> BoardFinding {
    var finding = BoardFinding(
      .truncatedModel, summary: summary,
      reasons: ["the flash was not written whole, or the file was cut off on its way there"])
    finding.blobOffset = offset
    finding.expectedByte = Int(blob.bytes[offset])
    if let found = map.part(at: offset) {
      finding.operatorIndex = found.part.operatorIndex
      finding.layer = reference.model.operator(found.part.operatorIndex).name
      finding.tensor = found.part.name
      finding.element = found.element
    }
    return finding
  }

  /// A piece of `range`, small enough to be fetched, with the first byte that differs in it.
  private func firstWindow(_ range: Range<Int>) throws(BoardError) -> Range<Int>? {
    var range = range
    while !range.isEmpty {
      let share = (range.count + Self.pieceCount - 1) / Self.pieceCount
      let step = (max(share, Self.windowByteCount / 4) + 15) / 16 * 16
      let pieces = stride(from: range.lowerBound, to: range.upperBound, by: step).map {
        $0..<min($0 + step, range.upperBound)
      }
      let answers = try client.exchange(pieces.map { .blobChecksum($0) })
      let wrong = zip(pieces, answers).first { piece, answer in
        UInt32(littleEndian: answer.prefix(4)) != Checksum.value(of: Array(blob.bytes[piece]))
      }
      guard let piece = wrong?.0 else { return nil }
      // What follows shows whether only this differs.
      if piece.count <= Self.windowByteCount {
        return piece
          .lowerBound..<min(
            piece.lowerBound + Self.windowByteCount, range.upperBound)
      }
      range = piece
    }
    return nil
  }

  /// The byte that all are from `start` on, as flash is where nothing was written.
  private func erasedByte(from start: Int, to end: Int) throws(BoardError) -> UInt8? {
    guard end - start >= 16 else { return nil }
    let answer = try client.exchange([.blobChecksum(start..<end)])[0]
    let checksum = UInt32(littleEndian: answer.prefix(4))
    return [UInt8(0xFF), 0].first {
      Checksum.value(of: [UInt8](repeating: $0, count: end - start)) == checksum
    }
  }

  private func damageReasons(
    _ expected: [UInt8], _ actual: [UInt8], _ first: Int, isAfterRun: Bool
  ) -> [String] {
    if isAfterRun {
      return ["the blob stands in memory that is written while the model runs; keep it in flash"]
    }
    let different = expected.indices.filter { expected[$0] != actual[$0] }
    let bits = expected[first] ^ actual[first]
    if different.count == 1 {
      return [
        bits.nonzeroBitCount == 1
          ? "bit \(bits.trailingZeroBitCount) of flash is flipped; write it again, and replace the "
            + "part if it comes back"
          : "one byte was written over; something else is linked or stored there"
      ]
    }
    for word in [4, 2] where Self.isReversed(expected, actual, word: word) {
      return [
        "the \(word) bytes of each word are reversed: it was written with the other endianness"
      ]
    }
    let window = min(64, expected.count - first - 8)
    if window >= 8 {
      for count in 1...8 {
        if actual[first..<first + window - count]
          .elementsEqual(expected[first + count..<first + window])
        {
          return ["\(count) bytes were lost there, and the rest stands too early"]
        }
        if actual[first + count..<first + window]
          .elementsEqual(expected[first..<first + window - count])
        {
          return ["\(count) bytes too many stand there, and the rest too late"]
        }
      }
    }
    return [
      "\(different.count) of the next \(expected.count) bytes differ: something else was written "
        + "there, or the file was changed"
    ]
  }

  private static func isReversed(_ expected: [UInt8], _ actual: [UInt8], word: Int) -> Bool {
    let whole = expected.count / word * word
    guard whole >= 16 else { return false }
    return (0..<whole).allSatisfy { index in
      actual[index] == expected[index - index % word + word - 1 - index % word]
    }
  }
}
