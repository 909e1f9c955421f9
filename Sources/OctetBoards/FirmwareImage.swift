import Foundation

/// A linked ELF program: its sections and symbols, read for the sizes that `board run` reports.
package struct FirmwareImage {
  package struct Section {
    package var name: String
    var type: Int
    var flags: Int
    var address: Int
    var byteCount: Int
    package var fileOffset: Int
    var link: Int
    var info: Int

    var isAllocated: Bool { flags & 2 != 0 }
    var isWritable: Bool { flags & 1 != 0 }
    var isExecutable: Bool { flags & 4 != 0 }
    /// Takes memory but no place in the file.
    var isZero: Bool { type == 8 }
  }

  package struct Symbol {
    package var name: String
    package var address: Int
    package var byteCount: Int
    var sectionIndex: Int
    var isFunction: Bool

    /// The mapping symbols of ARM and RISC-V ($a, $d, $t, $x) say what follows, not what it is
    /// called.
    var isMapping: Bool {
      name.hasPrefix("$")
        && (name.count == 2 || name.dropFirst(2).first == "." || name.hasPrefix("$x"))
    }
  }

  /// An instruction or word that names a symbol.
  struct Relocation {
    var address: Int
    var type: Int
    var symbolIndex: Int
  }

  package var sections: [Section] = []
  /// ELF's number of the architecture: 40 is ARM, 243 RISC-V.
  let machine: Int
  /// Those with names, without mapping symbols.
  package var symbols: [Symbol] { allSymbols.filter { !$0.name.isEmpty && !$0.isMapping } }
  /// Every symbol, in the order of the file, by which relocations name them.
  let allSymbols: [Symbol]
  /// Relocations of what is in memory; empty unless the linker kept them.
  let relocations: [Relocation]
  private let reader: ImageReader

  package init(_ url: URL) throws(BoardError) {
    guard let reader = ImageReader(try url.read()), let sections = reader.sections(),
      let symbols = reader.symbols(sections), let relocations = reader.relocations(sections),
      let machine = reader.integer(18, 2)
    else { throw .invalidImage(path: url.path, problem: "its headers are damaged") }
    self.reader = reader
    self.machine = machine
    self.sections = sections
    allSymbols = symbols
    self.relocations = relocations
  }

  /// The bytes of a section in the file.
  func bytes(of section: Section) -> ArraySlice<UInt8> {
    let start = min(section.fileOffset, reader.bytes.count)
    return reader.bytes[start..<min(start + max(section.byteCount, 0), reader.bytes.count)]
  }

  package func symbol(_ name: String) -> Symbol? { allSymbols.first { $0.name == name } }

  private func total(_ isIncluded: (Section) -> Bool) -> Int {
    sections.filter { $0.isAllocated && $0.name != ".model" && isIncluded($0) }
      .reduce(0) { $0 + $1.byteCount }
  }

  /// Code and constants, without the model and its prepared weights.
  var textByteCount: Int { total { !$0.isWritable } - preparedByteCount }
  /// Weights that the image holds beside those of the model.
  var preparedByteCount: Int { sections.first { $0.name == ".prepared" }?.byteCount ?? 0 }
  /// Initialised variables.
  var dataByteCount: Int { total { $0.isWritable && !$0.isZero } }
  /// Memory that starts as zero or as anything, with the arena.
  var bssByteCount: Int { total { $0.isWritable && $0.isZero } }
  var modelByteCount: Int { sections.first { $0.name == ".model" }?.byteCount ?? 0 }
}

/// Little-endian ELF of 32 or 64 bits (System V ABI, chapters 4 and 5).
private struct ImageReader {
  let bytes: [UInt8]
  let isWide: Bool

  init?(_ bytes: [UInt8]) {
    guard bytes.count >= 64, bytes.starts(with: [0x7F, 0x45, 0x4C, 0x46]), bytes[5] == 1 else {
      return nil
    }
    self.bytes = bytes
    isWide = bytes[4] == 2
  }

  func integer(_ offset: Int, _ byteCount: Int) -> Int? {
    guard offset >= 0, offset <= bytes.count - byteCount else { return nil }
    return (0..<byteCount).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
  }

  func text(_ offset: Int) -> String? {
    guard bytes.indices.contains(offset), let end = bytes[offset...].firstIndex(of: 0) else {
      return nil
    }
    return String(decoding: bytes[offset..<end], as: UTF8.self)
  }

  func sections() -> [FirmwareImage.Section]? {
    guard let start = integer(isWide ? 40 : 32, isWide ? 8 : 4),
      let entryByteCount = integer(isWide ? 58 : 46, 2), let count = integer(isWide ? 60 : 48, 2),
      let nameIndex = integer(isWide ? 62 : 50, 2), nameIndex < count
    else { return nil }
    var sections: [FirmwareImage.Section] = []
    var names: [Int] = []
    for index in 0..<count {
      let at = start + index * entryByteCount
      // Name and type are 32 bits wide in both; then flags, address, offset, size, link.
      let width = isWide ? 8 : 4
      guard let name = integer(at, 4), let type = integer(at + 4, 4),
        let flags = integer(at + 8, width), let address = integer(at + 8 + width, width),
        let offset = integer(at + 8 + 2 * width, width),
        let size = integer(at + 8 + 3 * width, width), let link = integer(at + 8 + 4 * width, 4),
        let info = integer(at + 12 + 4 * width, 4)
      else { return nil }
      names.append(name)
      sections.append(
        .init(
          name: "", type: type, flags: flags, address: address, byteCount: size,
          fileOffset: offset, link: link, info: info))
    }
    for index in sections.indices {
      guard let name = text(sections[nameIndex].fileOffset + names[index]) else { return nil }
      sections[index].name = name
    }
    return sections
  }

  func symbols(_ sections: [FirmwareImage.Section]) -> [FirmwareImage.Symbol]? {
    guard let table = sections.first(where: { $0.type == 2 }) else { return [] }
    guard sections.indices.contains(table.link) else { return nil }
    let entryByteCount = isWide ? 24 : 16
    var symbols: [FirmwareImage.Symbol] = []
    for index in 0..<table.byteCount / entryByteCount {
      let at = table.fileOffset + index * entryByteCount
      guard let nameOffset = integer(at, 4),
        let address = isWide ? integer(at + 8, 8) : integer(at + 4, 4),
        let size = isWide ? integer(at + 16, 8) : integer(at + 8, 4),
        let section = integer(at + (isWide ? 6 : 14), 2),
        let name = text(sections[table.link].fileOffset + nameOffset)
      else { return nil }
      guard let info = integer(at + (isWide ? 4 : 12), 1) else { return nil }
      symbols.append(
        .init(
          name: name, address: address, byteCount: size, sectionIndex: section,
          isFunction: info & 15 == 2))
    }
    return symbols
  }

  /// Relocations of sections that are in memory; a table of type 9 is without addends, 4 with.
  func relocations(_ sections: [FirmwareImage.Section]) -> [FirmwareImage.Relocation]? {
    var relocations: [FirmwareImage.Relocation] = []
    for table in sections where table.type == 9 || table.type == 4 {
      guard sections.indices.contains(table.info), sections[table.info].isAllocated else {
        continue
      }
      let width = isWide ? 8 : 4
      let entryByteCount = (table.type == 4 ? 3 : 2) * width
      for index in 0..<table.byteCount / entryByteCount {
        let at = table.fileOffset + index * entryByteCount
        guard let address = integer(at, width),
          let type = integer(at + width, isWide ? 4 : 1),
          let symbol = integer(at + width + (isWide ? 4 : 1), isWide ? 4 : 3)
        else { return nil }
        relocations.append(.init(address: address, type: type, symbolIndex: symbol))
      }
    }
    return relocations
  }
}
