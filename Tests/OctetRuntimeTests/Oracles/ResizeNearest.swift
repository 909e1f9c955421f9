extension Oracle {
  static func resizeNearest(
    _ shape: Shape, rows: [Int], columns: [Int], _ input: [Int8]
  ) -> [Int8] {
    Shape(shape.n, rows.count, columns.count, shape.c).indices.map { at in
      input[shape.index(at[0], rows[at[1]], columns[at[2]], at[3])]
    }
  }
}
