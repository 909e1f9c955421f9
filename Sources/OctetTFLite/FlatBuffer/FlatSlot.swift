import OctetModel

/// A field of a FlatBuffer's table, declared once for reading and for writing: where it stands, and
/// what it holds. `FlatTable` stands for any table; its own fields are declared apart.
struct FlatSlot<Value>: Sendable {
  /// Where the vtable says where the field is.
  let offset: Int
  /// The value of an integer that a file leaves out.
  let standard: Int

  /// - Parameter index: the field's place in the schema, from 0; a union takes two.
  init(_ index: Int, standard: Int = 0) {
    offset = 4 + 2 * index
    self.standard = standard
  }
}

// MARK: Reading

extension FlatTable {
  subscript<Value: FixedWidthInteger>(slot: FlatSlot<Value>) -> Int {
    get throws(ExchangeError) {
      guard let offset = try field(slot, byteCount: Value.bitWidth / 8) else {
        return slot.standard
      }
      guard let result = Int(exactly: buffer.load(offset, as: Value.self)) else {
        throw buffer.malformed(at: offset, "a number is far too large")
      }
      return result
    }
  }

  subscript(slot: FlatSlot<Bool>) -> Bool {
    get throws(ExchangeError) {
      guard let offset = try field(slot, byteCount: 1) else { return false }
      return buffer.load(offset, as: UInt8.self) != 0
    }
  }

  subscript(slot: FlatSlot<Float>) -> Float {
    get throws(ExchangeError) {
      guard let offset = try field(slot, byteCount: 4) else { return 0 }
      return Float(bitPattern: buffer.load(offset, as: UInt32.self))
    }
  }

  subscript<Element: FixedWidthInteger>(slot: FlatSlot<[Element]>) -> [Element] {
    get throws(ExchangeError) {
      guard let (start, count) = try vector(slot) else { return [] }
      let byteCount = Element.bitWidth / 8
      try buffer.spend(count * byteCount, at: start)
      return (0..<count).map { buffer.load(start + $0 * byteCount, as: Element.self) }
    }
  }

  subscript(slot: FlatSlot<[Float]>) -> [Float] {
    get throws(ExchangeError) {
      guard let (start, count) = try vector(slot) else { return [] }
      try buffer.spend(count * 4, at: start)
      return (0..<count).map {
        Float(bitPattern: buffer.load(start + $0 * 4, as: UInt32.self))
      }
    }
  }

  subscript(slot: FlatSlot<String>) -> String? {
    get throws(ExchangeError) {
      guard let (start, count) = try vector(slot, elementByteCount: 1) else { return nil }
      try buffer.spend(count, at: start)
      return String(decoding: buffer.bytes[start..<start + count], as: UTF8.self)
    }
  }

  subscript(slot: FlatSlot<FlatTable>) -> FlatTable? {
    get throws(ExchangeError) {
      guard let offset = try field(slot, byteCount: 4) else { return nil }
      return try FlatTable(buffer, position: buffer.follow(offset))
    }
  }

  subscript(slot: FlatSlot<[FlatTable]>) -> [FlatTable] {
    get throws(ExchangeError) {
      guard let (start, count) = try vector(slot, elementByteCount: 4) else { return [] }
      try buffer.spend(4 * count, at: start)
      var result: [FlatTable] = []
      result.reserveCapacity(count)
      for index in 0..<count {
        result.append(try FlatTable(buffer, position: buffer.follow(start + 4 * index)))
      }
      return result
    }
  }
}

// MARK: Writing

extension FlatSlot where Value: FixedWidthInteger {
  func callAsFunction(_ value: some BinaryInteger) -> FlatField {
    FlatField(offset: offset, content: .scalar(Value(value).littleEndianBytes))
  }
}

extension FlatSlot<Bool> {
  func callAsFunction(_ value: Bool) -> FlatField {
    FlatField(offset: offset, content: .scalar([value ? 1 : 0]))
  }
}

extension FlatSlot<Float> {
  func callAsFunction(_ value: Float) -> FlatField {
    FlatField(offset: offset, content: .scalar(value.bitPattern.littleEndianBytes))
  }
}

extension FlatSlot {
  func callAsFunction<Element: FixedWidthInteger>(
    _ values: [some BinaryInteger]
  ) -> FlatField where Value == [Element] {
    vector(values.count, values.flatMap { Element($0).littleEndianBytes }, Element.bitWidth / 8)
  }

  fileprivate func vector(_ count: Int, _ bytes: [UInt8], _ alignment: Int) -> FlatField {
    FlatField(offset: offset, content: .vector(count: count, bytes: bytes, alignment: alignment))
  }
}

extension FlatSlot<[Float]> {
  func callAsFunction(_ values: [Float]) -> FlatField {
    vector(values.count, values.flatMap { $0.bitPattern.littleEndianBytes }, 4)
  }
}

extension FlatSlot<[UInt8]> {
  func callAsFunction(bytes: [UInt8], alignment: Int) -> FlatField {
    vector(bytes.count, bytes, alignment)
  }
}

extension FlatSlot<String> {
  func callAsFunction(_ text: String) -> FlatField {
    FlatField(offset: offset, content: .string(text))
  }
}

extension FlatSlot<FlatTable> {
  func callAsFunction(_ fields: [FlatField]) -> FlatField {
    FlatField(offset: offset, content: .table(fields))
  }
}

extension FlatSlot<[FlatTable]> {
  func callAsFunction(_ tables: [[FlatField]]) -> FlatField {
    FlatField(offset: offset, content: .tables(tables))
  }
}
