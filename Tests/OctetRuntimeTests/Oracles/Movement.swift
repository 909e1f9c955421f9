/// Operators that move elements: each output element is found on its own.
extension Oracle {
  static func transpose(_ shape: Shape, _ permutation: [Int], _ input: [Int8]) -> [Int8] {
    Shape(permutation.map { shape.dimensions[$0] }).indices.map { at in
      var from = [0, 0, 0, 0]
      for axis in 0..<4 { from[permutation[axis]] = at[axis] }
      return input[shape.index(from)]
    }
  }

  static func slice(
    _ shape: Shape, begin: [Int], stride: [Int], count: Shape, _ input: [Int8]
  ) -> [Int8] {
    count.indices.map { at in
      input[shape.index((0..<4).map { begin[$0] + at[$0] * stride[$0] })]
    }
  }

  static func pad(
    _ shape: Shape, before: [Int], output: Shape, value: Int8, _ input: [Int8]
  ) -> [Int8] {
    output.indices.map { at in
      let from = (0..<4).map { at[$0] - before[$0] }
      let isInside = zip(from, shape.dimensions).allSatisfy { (0..<$1).contains($0) }
      return isInside ? input[shape.index(from)] : value
    }
  }

  static func concatenation(_ shapes: [Shape], axis: Int, _ inputs: [[Int8]]) -> [Int8] {
    var dimensions = shapes[0].dimensions
    dimensions[axis] = shapes.reduce(0) { $0 + $1.dimensions[axis] }
    return Shape(dimensions).indices.map { at in
      var from = at
      var index = 0
      while from[axis] >= shapes[index].dimensions[axis] {
        from[axis] -= shapes[index].dimensions[axis]
        index += 1
      }
      return inputs[index][shapes[index].index(from)]
    }
  }

  static func resizeNearest(
    _ shape: Shape, rows: [Int], columns: [Int], _ input: [Int8]
  ) -> [Int8] {
    Shape(shape.n, rows.count, columns.count, shape.c).indices.map { at in
      input[shape.index(at[0], rows[at[1]], columns[at[2]], at[3])]
    }
  }
}
