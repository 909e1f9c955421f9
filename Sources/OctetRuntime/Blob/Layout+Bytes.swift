#if !hasFeature(Embedded)
  extension [UInt8] {
    /// A field of the record that starts at byte `record`, or of the header.
    package func value<Value: FixedWidthInteger>(
      of field: Field<Value>, in record: Int = 0
    ) -> Value {
      var value: Value = 0
      for index in 0..<Value.bitWidth / 8 {
        value |= Value(truncatingIfNeeded: self[record + field.offset + index]) << (8 * index)
      }
      return value
    }

    /// Writes a field of the record that starts at byte `record`, or of the header.
    package mutating func put<Value: FixedWidthInteger>(
      _ value: Value, at field: Field<Value>, in record: Int = 0
    ) {
      for index in 0..<Value.bitWidth / 8 {
        self[record + field.offset + index] = UInt8(truncatingIfNeeded: value >> (8 * index))
      }
    }

    /// Writes a field that holds a Float.
    package mutating func put(_ value: Float, at field: Field<Float>, in record: Int = 0) {
      put(value.bitPattern, at: Field<UInt32>(field.offset), in: record)
    }

    /// Writes a blob's CRC-32: of the whole with its own four bytes taken as zero.
    package mutating func putChecksum() {
      put(0, at: BlobHeader.checksum)
      put(Checksum.value(of: self), at: BlobHeader.checksum)
    }
  }

  extension Checksum {
    /// The CRC-32 of `bytes`, which are UInt8 or Int8.
    package static func value<Bytes: Sequence>(of bytes: Bytes) -> UInt32
    where Bytes.Element: FixedWidthInteger {
      var checksum = Checksum()
      unsafe Array(bytes).withUnsafeBytes { region in
        if let base = region.baseAddress { unsafe checksum.update(base, count: region.count) }
      }
      return checksum.value
    }
  }
#endif
