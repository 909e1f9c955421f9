/// Where output rows or columns fall among those of the input.
struct BilinearAxis {
  var lower: [Int]
  var upper: [Int]
  /// Of `upper`, in 1024ths.
  var weights: [Int]
}

extension Oracle {
  static func resizeBilinear(
    _ shape: Shape, rows: BilinearAxis, columns: BilinearAxis, _ input: [Int8]
  ) -> [Int8] {
    Shape(shape.n, rows.lower.count, columns.lower.count, shape.c).indices.map { at in
      let (down, across) = (rows.weights[at[1]], columns.weights[at[2]])
      func value(_ rows: [Int], _ columns: [Int], _ weight: Int) -> Int {
        weight * Int(input[shape.index(at[0], rows[at[1]], columns[at[2]], at[3])])
      }
      let sum =
        value(rows.lower, columns.lower, (1024 - down) * (1024 - across))
        + value(rows.lower, columns.upper, (1024 - down) * across)
        + value(rows.upper, columns.lower, down * (1024 - across))
        + value(rows.upper, columns.upper, down * across)
      let mean = (Double(sum) / 1_048_576).rounded(.toNearestOrAwayFromZero)
      return clamp(Int64(mean), -128, 127)
    }
  }
}
