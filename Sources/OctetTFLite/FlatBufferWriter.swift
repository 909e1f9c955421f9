/// What a FlatBuffer is made of.
indirect enum FlatObject {
  case table([FlatField])
  /// Elements of one size, little-endian; the first is aligned to `alignment`.
  case vector(count: Int, bytes: [UInt8], alignment: Int)
  case objects([FlatObject])
  case string(String)

  static func integers<Value: FixedWidthInteger>(_ values: [Value]) -> FlatObject {
    .vector(
      count: values.count, bytes: values.flatMap { $0.littleEndianBytes },
      alignment: Value.bitWidth / 8)
  }

  static func floats(_ values: [Float]) -> FlatObject { integers(values.map(\.bitPattern)) }
}

/// A field of a table at a slot of its vtable; absent fields are left out.
struct FlatField {
  enum Content {
    case scalar([UInt8])
    case object(FlatObject)
  }

  let slot: Int
  let content: Content

  static func integer<Value: FixedWidthInteger>(_ slot: Int, _ value: Value) -> FlatField {
    FlatField(slot: slot, content: .scalar(value.littleEndianBytes))
  }

  static func flag(_ slot: Int, _ value: Bool) -> FlatField {
    .integer(slot, value ? 1 as UInt8 : 0)
  }

  static func float(_ slot: Int, _ value: Float) -> FlatField { .integer(slot, value.bitPattern) }

  static func object(_ slot: Int, _ value: FlatObject) -> FlatField {
    FlatField(slot: slot, content: .object(value))
  }
}

extension FixedWidthInteger {
  fileprivate var littleEndianBytes: [UInt8] {
    withUnsafeBytes(of: littleEndian) { Array($0) }
  }
}

/// Writes a FlatBuffer front to back: each object stands before what it refers to, because offsets
/// are unsigned. Every table has a vtable of its own, right before it.
struct FlatBufferWriter {
  private var bytes: [UInt8] = []

  /// - Parameter identifier: four letters.
  static func write(root: FlatObject, identifier: String) -> [UInt8] {
    var writer = FlatBufferWriter()
    writer.append(UInt32(0))
    writer.bytes += identifier.utf8
    writer.place(root, from: 0)
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

  /// Writes `object` at the end and its offset at `reference`.
  private mutating func place(_ object: FlatObject, from reference: Int) {
    switch object {
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
    case .objects(let objects):
      align(4)
      point(reference)
      append(UInt32(objects.count))
      let start = bytes.count
      for _ in objects { append(UInt32(0)) }
      for (index, object) in objects.enumerated() { place(object, from: start + 4 * index) }
    }
  }

  /// What comes next is what `reference` refers to.
  private mutating func point(_ reference: Int) {
    put(UInt32(bytes.count - reference), at: reference)
  }

  /// A table: its vtable, then the offset back to it, then the fields, widest first.
  private mutating func place(_ fields: [FlatField], from reference: Int) {
    let vtableByteCount = 4 + (fields.map(\.slot).max().map { $0 - 2 } ?? 0)
    let sorted = fields.sorted { $0.byteCount > $1.byteCount }
    align(8)
    // The table starts 4 before a multiple of 8, so that its first field is aligned.
    while (bytes.count + vtableByteCount) % 8 != 4 { bytes.append(0) }
    let vtable = bytes.count
    bytes += [UInt8](repeating: 0, count: vtableByteCount)
    let table = bytes.count
    point(reference)
    append(Int32(table - vtable))
    var references: [(offset: Int, object: FlatObject)] = []
    for field in sorted {
      put(UInt16(bytes.count - table), at: vtable + field.slot)
      switch field.content {
      case .scalar(let value): bytes += value
      case .object(let object):
        references.append((bytes.count, object))
        append(UInt32(0))
      }
    }
    put(UInt16(vtableByteCount), at: vtable)
    put(UInt16(bytes.count - table), at: vtable + 2)
    for (offset, object) in references { place(object, from: offset) }
  }
}

extension FlatField {
  fileprivate var byteCount: Int {
    switch content {
    case .scalar(let value): value.count
    case .object: 4
    }
  }
}
