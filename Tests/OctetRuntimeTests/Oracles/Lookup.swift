extension Oracle {
  /// `tables` hold 256 results each, for −128…127: one for all elements, or one for each channel.
  static func lookup(_ shape: Shape, tables: [[Int8]], _ input: [Int8]) -> [Int8] {
    shape.indices.map { at in
      tables[tables.count == 1 ? 0 : at[3]][Int(input[shape.index(at)]) + 128]
    }
  }
}
