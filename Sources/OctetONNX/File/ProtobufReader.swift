import OctetModel

/// Reads the wire format of Protocol Buffers (protobuf.dev/programming-guides/encoding), in place
/// and without trust: every length is checked before it is used, and nothing is copied until asked.
package struct ProtobufReader {
  /// The whole file; a message is a range of it.
  let bytes: [UInt8]
  /// Where the next field begins.
  package private(set) var offset: Int
  let end: Int

  /// Reads the whole of `bytes` as one message.
  package init(_ bytes: [UInt8]) {
    self.init(bytes, 0..<bytes.count)
  }

  /// - Precondition: `range` lies in `bytes`; ranges that a reader returned do.
  init(_ bytes: [UInt8], _ range: Range<Int>) {
    self.bytes = bytes
    offset = range.lowerBound
    end = range.upperBound
  }

  enum Value {
    case varint(UInt64)
    case fixed32(UInt32)
    case fixed64(UInt64)
    /// A range of the file.
    case bytes(Range<Int>)
  }

  struct Field {
    var number: Int
    var value: Value
    /// Where the field begins, for messages.
    var offset: Int
  }

  func malformed(_ reason: String, at offset: Int) -> ExchangeError {
    .malformed(format: "ONNX", offset: offset, reason: reason)
  }

  /// The next field, or nil at the end of the message.
  mutating func next() throws(ExchangeError) -> Field? {
    if offset == end { return nil }
    let start = offset
    let key = try varint()
    guard key >> 3 > 0, key >> 3 < 1 << 29 else {
      throw malformed("a field has the number \(key >> 3)", at: start)
    }
    let value: Value
    switch key & 7 {
    case 0: value = .varint(try varint())
    case 1: value = .fixed64(try littleEndian(byteCount: 8))
    case 2:
      let count = try varint()
      guard count <= UInt64(end - offset) else {
        throw malformed("a field of \(count) bytes is longer than what is left", at: start)
      }
      value = .bytes(offset..<offset + Int(count))
      offset += Int(count)
    case 5: value = .fixed32(UInt32(try littleEndian(byteCount: 4)))
    default: throw malformed("a field has the unknown wire type \(key & 7)", at: start)
    }
    return Field(number: Int(key >> 3), value: value, offset: start)
  }

  /// - Precondition: so many bytes are left.
  package mutating func skip(_ count: Int) { offset += count }

  /// Reads a number of at most 64 bits: up to ten bytes of seven bits, least significant first.
  package mutating func varint() throws(ExchangeError) -> UInt64 {
    let start = offset
    var result: UInt64 = 0
    var shift = 0
    while offset < end {
      let byte = bytes[offset]
      offset += 1
      // The tenth byte holds the 64th bit alone.
      if shift == 63 && byte > 1 { throw malformed("a number has more than 64 bits", at: start) }
      result |= UInt64(byte & 0x7f) << UInt64(shift)
      if byte < 0x80 { return result }
      shift += 7
    }
    throw malformed("a number is cut off", at: start)
  }

  private mutating func littleEndian(byteCount: Int) throws(ExchangeError) -> UInt64 {
    guard byteCount <= end - offset else { throw malformed("a number is cut off", at: offset) }
    var result: UInt64 = 0
    for index in 0..<byteCount { result |= UInt64(bytes[offset + index]) << UInt64(8 * index) }
    offset += byteCount
    return result
  }
}

extension ProtobufReader {
  func range(_ field: Field) throws(ExchangeError) -> Range<Int> {
    guard case .bytes(let range) = field.value else {
      throw malformed("field \(field.number) should have a length", at: field.offset)
    }
    return range
  }

  func message(_ field: Field) throws(ExchangeError) -> ProtobufReader {
    ProtobufReader(bytes, try range(field))
  }

  func string(_ field: Field) throws(ExchangeError) -> String {
    let range = try range(field)
    guard let text = String(validating: bytes[range], as: UTF8.self) else {
      throw malformed("a text is not UTF-8", at: range.lowerBound)
    }
    return text
  }

  func integer(_ field: Field) throws(ExchangeError) -> Int64 {
    guard case .varint(let value) = field.value else {
      throw malformed("field \(field.number) should be an integer", at: field.offset)
    }
    return Int64(bitPattern: value)
  }

  func float(_ field: Field) throws(ExchangeError) -> Float {
    guard case .fixed32(let bits) = field.value else {
      throw malformed("field \(field.number) should be a float", at: field.offset)
    }
    return Float(bitPattern: bits)
  }

  /// One element of a repeated integer field, or all of a packed one.
  func append(_ field: Field, to list: inout [Int64]) throws(ExchangeError) {
    guard case .bytes(let range) = field.value else { return list.append(try integer(field)) }
    var reader = ProtobufReader(bytes, range)
    while reader.offset < reader.end { list.append(Int64(bitPattern: try reader.varint())) }
  }

  /// One element of a repeated float field, or all of a packed one.
  func append(_ field: Field, to list: inout [Float]) throws(ExchangeError) {
    guard case .bytes(let range) = field.value else { return list.append(try float(field)) }
    guard range.count % 4 == 0 else {
      throw malformed("packed floats take \(range.count) bytes", at: range.lowerBound)
    }
    list.reserveCapacity(list.count + range.count / 4)
    var reader = ProtobufReader(bytes, range)
    while reader.offset < reader.end {
      list.append(Float(bitPattern: UInt32(try reader.littleEndian(byteCount: 4))))
    }
  }

  /// One element of a repeated double field, or all of a packed one.
  func append(_ field: Field, to list: inout [Double]) throws(ExchangeError) {
    switch field.value {
    case .fixed64(let bits): list.append(Double(bitPattern: bits))
    case .bytes(let range) where range.count % 8 == 0:
      var reader = ProtobufReader(bytes, range)
      while reader.offset < reader.end {
        list.append(Double(bitPattern: try reader.littleEndian(byteCount: 8)))
      }
    default: throw malformed("field \(field.number) should hold doubles", at: field.offset)
    }
  }
}
