/// The instructions of a Cortex-M image, of 16 and 32 bits (Armv7-M ARM, A5).
package struct ThumbCode {
  package struct Instruction: Equatable {
    package var address: Int
    /// The first halfword in the upper half where there are two.
    package var word: UInt32
    package var isWide: Bool
    /// Whether it is in an IT block: executed only on a condition.
    package var isConditional = false

    package var byteCount: Int { isWide ? 4 : 2 }

    /// BLX with a register, or BX with another than the link register, which returns.
    var callsThroughRegister: Bool {
      !isWide && (word & 0xFF87 == 0x4780 || word & 0xFF87 == 0x4700 && word != 0x4770)
    }
  }

  package var instructions: [Instruction] = []

  /// - Parameter halfwords: from the address `start` on.
  package init(_ halfwords: [UInt16], at start: Int) {
    append(
      halfwords.flatMap { [UInt8(truncatingIfNeeded: $0), UInt8($0 >> 8)] }[...], start,
      from: start, to: start + 2 * halfwords.count)
  }

  /// All that mapping symbols say is Thumb code.
  package init(_ image: FirmwareImage) {
    for (index, section) in image.sections.enumerated() where section.isExecutable {
      let end = section.address + section.byteCount
      let marks = image.allSymbols.filter { $0.sectionIndex == index && $0.isMapping }
        .map { (address: $0.address, isCode: $0.name.hasPrefix("$t")) }
        .sorted { ($0.address, $0.isCode ? 1 : 0) < ($1.address, $1.isCode ? 1 : 0) }
      let bytes = image.bytes(of: section)
      for (position, mark) in marks.enumerated() where mark.isCode {
        let next = position + 1 < marks.count ? marks[position + 1].address : end
        append(bytes, section.address, from: mark.address, to: min(next, end))
      }
    }
  }

  /// - Parameter bytes: from the address `base` on.
  private mutating func append(
    _ bytes: ArraySlice<UInt8>, _ base: Int, from start: Int, to end: Int
  ) {
    func halfword(_ address: Int) -> UInt32 {
      let index = bytes.startIndex + address - base
      guard index >= bytes.startIndex, index + 1 < bytes.endIndex else { return 0 }
      return UInt32(bytes[index]) | UInt32(bytes[index + 1]) << 8
    }
    var address = start
    // Instructions that the last IT still speaks of.
    var conditionalCount = 0
    while address + 1 < end {
      let first = halfword(address)
      let isWide = first >> 11 > 0b11100
      instructions.append(
        Instruction(
          address: address, word: isWide ? first << 16 | halfword(address + 2) : first,
          isWide: isWide, isConditional: conditionalCount > 0))
      conditionalCount = max(conditionalCount - 1, 0)
      if !isWide, first >> 8 == 0xBF, first & 15 != 0 {
        conditionalCount = 4 - first.trailingZeroBitCount
      }
      address += isWide ? 4 : 2
    }
  }

  var callsThroughRegisters: [Int] {
    instructions.filter(\.callsThroughRegister).map(\.address)
  }
}
