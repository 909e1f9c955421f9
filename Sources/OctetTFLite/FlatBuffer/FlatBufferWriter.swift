/// A field of a table that is written; what stands at the same place of the schema reads it.
struct FlatField {
  indirect enum Content {
    case scalar([UInt8])
    case table([FlatField])
    case tables([[FlatField]])
    /// Elements of one size, little-endian; the first is aligned to `alignment`.
    case vector(count: Int, bytes: [UInt8], alignment: Int)
    case string(String)
  }

  /// Where in the vtable its place is said.
  let offset: Int
  let content: Content

  /// Bytes within the table.
  fileprivate var byteCount: Int {
    if case .scalar(let value) = content { value.count } else { 4 }
  }
}

extension FixedWidthInteger {
  var littleEndianBytes: [UInt8] { unsafe withUnsafeBytes(of: littleEndian) { unsafe Array($0) } }
}

/// Writes a FlatBuffer front to back: each object stands before what it refers to, because offsets
/// are unsigned. Every table has a vtable of its own, right before it.
struct FlatBufferWriter {
  private var bytes: [UInt8] = []

  /// - Parameter identifier: four letters.
  static func write(root: [FlatField], identifier: String) -> [UInt8] {
    var writer = FlatBufferWriter()
    writer.append(UInt32(0))
    writer.bytes += identifier.utf8
    writer.place(.table(root), from: 0)
    return writer.bytes
  }

  private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
    bytes += value.littleEndianBytes
  }

  private mutating func put<Value: FixedWidthInteger>(_ value: Value, at offset: Int) {
    for (index, byte) in value.littleEndianBytes.enumerated() { bytes[offset + index] = byte }
  }

  /// Zeros until `byteCount` more bytes end at a multiple of `alignment`.
  private mutating func align(_ alignment: Int, before byteCount: Int = 0) {
    while (bytes.count + byteCount) % alignment != 0 { bytes.append(0) }
  }

  /// Writes what a field refers to at the end, and its offset at `reference`.
  private mutating func place(_ content: FlatField.Content, from reference: Int) {
    switch content {
    case .scalar: break
    case .table(let fields): place(fields, from: reference)
    case .vector(let count, let elements, let alignment):
      align(max(alignment, 4), before: 4)
      point(reference)
      append(UInt32(count))
      bytes += elements
    case .string(let text):
      align(4)
      point(reference)
      append(UInt32(text.utf8.count))
      bytes += Array(text.utf8) + [0]
    case .tables(let tables):
      align(4)
      point(reference)
      append(UInt32(tables.count))
      let start = bytes.count
      for _ in tables { append(UInt32(0)) }
      for (index, fields) in tables.enumerated() { place(fields, from: start + 4 * index) }
    }
  }

  /// What comes next is what `reference` refers to.
  private mutating func point(_ reference: Int) {
    put(UInt32(bytes.count - reference), at: reference)
  }

  /// A table: its vtable, then the offset back to it, then the fields, widest first.
  private mutating func place(_ fields: [FlatField], from reference: Int) {
    let vtableByteCount = 4 + (fields.map(\.offset).max().map { $0 - 2 } ?? 0)
    let sorted = fields.sorted { $0.byteCount > $1.byteCount }
    align(8)
    // The table starts 4 before a multiple of 8, so that its first field is aligned.
    while (bytes.count + vtableByteCount) % 8 != 4 { bytes.append(0) }
    let vtable = bytes.count
    bytes += [UInt8](repeating: 0, count: vtableByteCount)
    let table = bytes.count
    point(reference)
    append(Int32(table - vtable))
    var references: [(offset: Int, content: FlatField.Content)] = []
    for field in sorted {
      put(UInt16(bytes.count - table), at: vtable + field.offset)
      if case .scalar(let value) = field.content {
        bytes += value
      } else {
        references.append((bytes.count, field.content))
        append(UInt32(0))
      }
    }
    put(UInt16(vtableByteCount), at: vtable)
    put(UInt16(bytes.count - table), at: vtable + 2)
    for (offset, content) in references { place(content, from: offset) }
  }
}
