extension Oracle {
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
}
