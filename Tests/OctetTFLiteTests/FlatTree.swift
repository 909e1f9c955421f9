import Foundation

/// A TFLite file taken apart into tables and vectors, so that parts can be changed and the whole
/// written again with right offsets.
indirect enum FlatTree: Sendable {
  /// Fields by their slots.
  case table([Int: FlatTree])
  case tables([FlatTree])
  /// A number, as its bytes.
  case scalar([UInt8])
  /// Elements of so many bytes.
  case vector(width: Int, bytes: [UInt8])

  /// What stands in the fields of a table.
  indirect enum Schema: Sendable {
    case table([Int: Schema])
    case tables(Schema)
    case scalar(Int)
    case vector(Int)
    /// Numbers of unknown widths, at most 4 bytes each, but for vectors of int32.
    case options
  }

  static let tensor = Schema.table([
    4: .vector(4), 6: .scalar(1), 8: .scalar(4), 10: .vector(1),
    12: .table([8: .vector(4), 10: .vector(8), 12: .scalar(1), 16: .scalar(4)]),
    14: .scalar(1), 18: .vector(4),
  ])
  static let node = Schema.table([
    4: .scalar(4), 6: .vector(4), 8: .vector(4), 10: .scalar(1), 12: .options,
  ])
  static let model = Schema.table([
    4: .scalar(4),
    6: .tables(.table([4: .scalar(1), 6: .vector(1), 8: .scalar(4), 10: .scalar(4)])),
    8: .tables(
      .table([
        4: .tables(tensor), 6: .vector(4), 8: .vector(4), 10: .tables(node), 12: .vector(1),
      ])),
    12: .tables(.table([4: .vector(1)])),
  ])

  // MARK: Reading a sound file

  init(_ bytes: [UInt8]) {
    let reader = Reader(bytes: bytes)
    self = reader.tree(at: reader.follow(0), Self.model)
  }

  private struct Reader {
    let bytes: [UInt8]

    func integer(_ offset: Int, _ width: Int) -> Int {
      (0..<width).reduce(0) { $0 | Int(bytes[offset + $1]) << (8 * $1) }
    }

    func follow(_ offset: Int) -> Int { offset + integer(offset, 4) }

    func tree(at position: Int, _ schema: Schema) -> FlatTree {
      switch schema {
      case .table(let fields): return .table(self.fields(position) { fields[$0] })
      case .options:
        return .table(
          fields(position) { slot in
            // New shapes are the only vector among the options that Octet reads.
            slot == 4 && isVector(position) ? .vector(4) : .scalar(4)
          })
      case .tables(let element):
        return .tables(
          (0..<integer(position, 4)).map { tree(at: follow(position + 4 + 4 * $0), element) })
      case .vector(let width):
        let count = integer(position, 4) * width
        return .vector(width: width, bytes: Array(bytes[position + 4..<position + 4 + count]))
      case .scalar: return .scalar([])
      }
    }

    /// Whether the field at slot 4 is an offset to a short vector.
    private func isVector(_ table: Int) -> Bool {
      let vtable = table - Int(Int32(truncatingIfNeeded: integer(table, 4)))
      let size = integer(vtable + 2, 2)
      let offset = integer(vtable + 4, 2)
      guard offset != 0, offset + 4 <= size, table + offset + 4 <= bytes.count else { return false }
      let target = table + offset + integer(table + offset, 4)
      guard integer(table + offset, 4) > 8, target + 4 <= bytes.count else { return false }
      let count = integer(target, 4)
      return (1...8).contains(count) && target + 4 + 4 * count <= bytes.count
    }

    private func fields(_ table: Int, _ schema: (Int) -> Schema?) -> [Int: FlatTree] {
      let vtable = table - Int(Int32(truncatingIfNeeded: integer(table, 4)))
      let size = integer(vtable + 2, 2)
      let slots = stride(from: 4, to: integer(vtable, 2), by: 2)
      let offsets = slots.map { integer(vtable + $0, 2) }
      var result: [Int: FlatTree] = [:]
      for (slot, offset) in zip(slots, offsets) where offset != 0 {
        guard let kind = schema(slot) else { continue }
        guard case .scalar(let width) = kind else {
          result[slot] = tree(at: follow(table + offset), kind)
          continue
        }
        // Up to the next field, and filled with zeros.
        let end = offsets.filter { $0 > offset }.min() ?? size
        var value = Array(bytes[table + offset..<table + min(end, offset + width)])
        value += [UInt8](repeating: 0, count: width - value.count)
        result[slot] = .scalar(value)
      }
      return result
    }
  }

  // MARK: Writing

  var file: [UInt8] {
    var bytes: [UInt8] = [0, 0, 0, 0] + Array("TFL3".utf8)
    Self.place(self, at: 0, &bytes)
    return bytes
  }

  private static func put(_ value: Int, _ width: Int, at offset: Int, _ bytes: inout [UInt8]) {
    for index in 0..<width {
      bytes[offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
    }
  }

  private static func place(_ tree: FlatTree, at reference: Int, _ bytes: inout [UInt8]) {
    while bytes.count % 8 != 4 { bytes.append(0) }
    switch tree {
    case .scalar: break
    case .vector(let width, let elements):
      put(bytes.count - reference, 4, at: reference, &bytes)
      bytes += [0, 0, 0, 0]
      put(elements.count / width, 4, at: bytes.count - 4, &bytes)
      bytes += elements
    case .tables(let all):
      put(bytes.count - reference, 4, at: reference, &bytes)
      let start = bytes.count
      bytes += [UInt8](repeating: 0, count: 4 + 4 * all.count)
      put(all.count, 4, at: start, &bytes)
      for (index, one) in all.enumerated() { place(one, at: start + 4 + 4 * index, &bytes) }
    case .table(let fields):
      let slots = fields.keys.sorted()
      let vtable = bytes.count
      bytes += [UInt8](repeating: 0, count: 2 + (slots.last ?? 2))
      let table = bytes.count
      put(table - reference, 4, at: reference, &bytes)
      bytes += [0, 0, 0, 0]
      put(table - vtable, 4, at: table, &bytes)
      for slot in slots {
        put(bytes.count - table, 2, at: vtable + slot, &bytes)
        if case .scalar(let value)? = fields[slot] {
          bytes += value
        } else {
          bytes += [0, 0, 0, 0]
        }
      }
      put(table - vtable, 2, at: vtable, &bytes)
      put(bytes.count - table, 2, at: vtable + 2, &bytes)
      var place = table + 4
      for slot in slots {
        guard let field = fields[slot] else { continue }
        if case .scalar(let value) = field {
          place += value.count
        } else {
          Self.place(field, at: place, &bytes)
          place += 4
        }
      }
    }
  }
}
