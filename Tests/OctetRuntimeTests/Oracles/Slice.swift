extension Oracle {
  static func slice(
    _ shape: Shape, begin: [Int], stride: [Int], count: Shape, _ input: [Int8]
  ) -> [Int8] {
    count.indices.map { at in
      input[shape.index((0..<4).map { begin[$0] + at[$0] * stride[$0] })]
    }
  }
}
