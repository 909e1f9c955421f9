import OctetModel

/// Reads the tables, vectors and strings of a FlatBuffer that nobody has checked.
///
/// Every offset, table, field and vector is checked before it is read. Tables may share what they
/// point to, so a small file could describe a huge model; a budget of a few times the file's size
/// bounds what is read out of it. How deep tables nest is fixed by the schema, so a cycle of
/// offsets ends as quickly as any other nonsense.
final class FlatBuffer {
  let bytes: [UInt8]
  private let format: String
  /// Bytes that may still be read out.
  private var budget: Int

  /// - Parameter format: what the file is called in errors.
  init(_ bytes: [UInt8], format: String) {
    self.bytes = bytes
    self.format = format
    budget = 4 * bytes.count + (1 << 18)
  }

  /// The root table of a file with the four-letter `identifier`.
  func root(identifier: String) throws(ExchangeError) -> FlatTable {
    guard bytes.count >= 8 else { throw malformed(at: bytes.count, "the file ends in its header") }
    guard Array(bytes[4..<8]) == Array(identifier.utf8) else {
      throw malformed(at: 4, "the identifier \"\(identifier)\" is missing")
    }
    return try FlatTable(self, position: Int(load(0, as: UInt32.self)))
  }

  func malformed(at offset: Int, _ reason: String) -> ExchangeError {
    .malformed(format: format, offset: offset, reason: reason)
  }

  /// Takes `byteCount` from the budget.
  func spend(_ byteCount: Int, at offset: Int) throws(ExchangeError) {
    guard byteCount <= budget else {
      throw malformed(
        at: offset, "its tables share so much that it describes far more than it holds")
    }
    budget -= byteCount
  }

  /// Throws unless `byteCount` bytes at `offset` lie inside the file.
  func require(_ offset: Int, _ byteCount: Int) throws(ExchangeError) {
    guard offset >= 0, byteCount >= 0, byteCount <= bytes.count,
      offset <= bytes.count - byteCount
    else {
      throw malformed(at: max(0, min(offset, bytes.count)), "an offset leads out of the file")
    }
  }

  /// The little-endian integer at a checked offset.
  func load<Value: FixedWidthInteger>(_ offset: Int, as type: Value.Type) -> Value {
    unsafe bytes.withUnsafeBytes {
      unsafe Value(littleEndian: $0.loadUnaligned(fromByteOffset: offset, as: Value.self))
    }
  }

  /// Where the offset at `offset` leads.
  func follow(_ offset: Int) throws(ExchangeError) -> Int {
    try require(offset, 4)
    let target = offset + Int(load(offset, as: UInt32.self))
    try require(target, 4)
    return target
  }
}

/// A table: its fields are found through its vtable. `FlatSlot` says which there are.
struct FlatTable {
  let buffer: FlatBuffer
  let position: Int
  private let vtable: Int
  private let vtableByteCount: Int
  private let tableByteCount: Int

  init(_ buffer: FlatBuffer, position: Int) throws(ExchangeError) {
    self.buffer = buffer
    self.position = position
    try buffer.require(position, 4)
    vtable = position - Int(buffer.load(position, as: Int32.self))
    try buffer.require(vtable, 4)
    vtableByteCount = Int(buffer.load(vtable, as: UInt16.self))
    tableByteCount = Int(buffer.load(vtable + 2, as: UInt16.self))
    guard vtableByteCount >= 4, vtableByteCount % 2 == 0, tableByteCount >= 4 else {
      throw buffer.malformed(at: vtable, "a table's layout is not possible")
    }
    try buffer.require(vtable, vtableByteCount)
    try buffer.require(position, tableByteCount)
    // About what a table becomes in memory.
    try buffer.spend(128, at: position)
  }

  /// Where a field of `byteCount` bytes stands; nil when it is absent.
  func field<Value>(_ slot: FlatSlot<Value>, byteCount: Int) throws(ExchangeError) -> Int? {
    guard slot.offset + 2 <= vtableByteCount else { return nil }
    let offset = Int(buffer.load(vtable + slot.offset, as: UInt16.self))
    guard offset != 0 else { return nil }
    guard offset >= 4, offset + byteCount <= tableByteCount else {
      throw buffer.malformed(at: vtable + slot.offset, "a field lies outside its table")
    }
    return position + offset
  }

  /// Where a vector's elements start and how many it has; nil when it is absent.
  func vector<Element>(
    _ slot: FlatSlot<Element>, elementByteCount: Int
  ) throws(ExchangeError) -> (start: Int, count: Int)? {
    guard let offset = try field(slot, byteCount: 4) else { return nil }
    let start = try buffer.follow(offset)
    let count = Int(buffer.load(start, as: UInt32.self))
    // A count below 2³² times at most 8 cannot overflow.
    try buffer.require(start + 4, count * elementByteCount)
    return (start + 4, count)
  }

  func vector<Element>(
    _ slot: FlatSlot<[Element]>
  ) throws(ExchangeError) -> (start: Int, count: Int)? {
    try vector(slot, elementByteCount: MemoryLayout<Element>.size)
  }
}
