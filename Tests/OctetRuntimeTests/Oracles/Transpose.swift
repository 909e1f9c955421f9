extension Oracle {
  static func transpose(_ shape: Shape, _ permutation: [Int], _ input: [Int8]) -> [Int8] {
    Shape(permutation.map { shape.dimensions[$0] }).indices.map { at in
      var from = [0, 0, 0, 0]
      for axis in 0..<4 { from[permutation[axis]] = at[axis] }
      return input[shape.index(from)]
    }
  }
}
