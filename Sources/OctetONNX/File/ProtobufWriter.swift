/// Writes the wire format of Protocol Buffers.
///
/// Messages are made of parts, and numbers stay where they are until `bytes` puts all of them into
/// one array: a large tensor is copied once, however deep its message lies.
package struct ProtobufWriter {
  private enum Part {
    case bytes([UInt8])
    /// Little-endian.
    case floats([Float])
  }

  private var parts: [Part] = []
  /// The bytes after the last part.
  private var tail: [UInt8] = []
  private var partsByteCount = 0

  private var byteCount: Int { partsByteCount + tail.count }

  package init() {}

  /// The whole message.
  package var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(byteCount)
    for part in parts {
      switch part {
      case .bytes(let bytes): result += bytes
      case .floats(let numbers):
        for number in numbers {
          let bits = number.bitPattern
          result.append(UInt8(truncatingIfNeeded: bits))
          result.append(UInt8(truncatingIfNeeded: bits >> 8))
          result.append(UInt8(truncatingIfNeeded: bits >> 16))
          result.append(UInt8(truncatingIfNeeded: bits >> 24))
        }
      }
    }
    result += tail
    return result
  }

  private mutating func varint(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      tail.append(UInt8(rest & 0x7f) | 0x80)
      rest >>= 7
    }
    tail.append(UInt8(rest))
  }

  private mutating func key(_ number: Int, wireType: Int) {
    varint(UInt64(number << 3 | wireType))
  }

  package mutating func integer(_ number: Int, _ value: Int64) {
    key(number, wireType: 0)
    varint(UInt64(bitPattern: value))
  }

  package mutating func float(_ number: Int, _ value: Float) {
    key(number, wireType: 5)
    for shift in stride(from: UInt32(0), to: 32, by: 8) {
      tail.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
    }
  }

  package mutating func double(_ number: Int, _ value: Double) {
    key(number, wireType: 1)
    append(littleEndian: value)
  }

  /// A packed field.
  package mutating func doubles(_ number: Int, _ values: [Double]) {
    key(number, wireType: 2)
    varint(UInt64(8 * values.count))
    for value in values { append(littleEndian: value) }
  }

  private mutating func append(littleEndian value: Double) {
    for shift in stride(from: UInt64(0), to: 64, by: 8) {
      tail.append(UInt8(truncatingIfNeeded: value.bitPattern >> shift))
    }
  }

  package mutating func data(_ number: Int, _ value: some Collection<UInt8>) {
    key(number, wireType: 2)
    varint(UInt64(value.count))
    tail.append(contentsOf: value)
  }

  mutating func data(_ number: Int, _ value: [Float]) {
    key(number, wireType: 2)
    varint(UInt64(4 * value.count))
    append(.floats(value), byteCount: 4 * value.count)
  }

  package mutating func string(_ number: Int, _ value: String) {
    data(number, Array(value.utf8))
  }

  package mutating func message(_ number: Int, _ write: (inout ProtobufWriter) -> Void) {
    var inner = ProtobufWriter()
    write(&inner)
    key(number, wireType: 2)
    varint(UInt64(inner.byteCount))
    if inner.parts.isEmpty {
      tail += inner.tail
    } else {
      closeTail()
      parts += inner.parts
      partsByteCount += inner.partsByteCount
      tail = inner.tail
    }
  }

  mutating func integers(_ number: Int, _ values: [Int64]) {
    var inner = ProtobufWriter()
    for value in values { inner.varint(UInt64(bitPattern: value)) }
    data(number, inner.tail)
  }

  private mutating func append(_ part: Part, byteCount: Int) {
    closeTail()
    parts.append(part)
    partsByteCount += byteCount
  }

  private mutating func closeTail() {
    if tail.isEmpty { return }
    parts.append(.bytes(tail))
    partsByteCount += tail.count
    tail = []
  }
}
