extension StepContext {
  /// a, b, broadcast → y, element by element.
  func binary(
    _ activation: Activation, _ body: @escaping (Float, Float) -> Float
  ) -> InterpreterStep {
    let (a, b, y) = (inputs[0], inputs[1], self.y)
    if a.shape == y.shape && b.shape == y.shape {
      let count = y.count
      return followed(by: activation) {
        for index in 0..<count { unsafe y.base[index] = body(a.base[index], b.base[index]) }
      }
    }
    let offsets = BroadcastOffsets(a.shape, b.shape)
    return followed(by: activation) {
      for index in 0..<offsets.count {
        unsafe y.base[index] = body(a.base[offsets.a[index]], b.base[offsets.b[index]])
      }
    }
  }
}

/// For each element of the broadcast result, which elements of `a` and `b` it is made from.
struct BroadcastOffsets {
  var a: [Int] = []
  var b: [Int] = []
  var count: Int { a.count }

  init(_ aShape: [Int], _ bShape: [Int]) {
    let rank = max(aShape.count, bShape.count)
    func aligned(_ shape: [Int]) -> [Int] {
      [Int](repeating: 1, count: rank - shape.count) + shape
    }
    let (left, right) = (aligned(aShape), aligned(bShape))
    let shape = zip(left, right).map { $0 == 1 ? $1 : $0 }
    func strides(_ shape: [Int]) -> [Int] {
      zip(shape, rowMajorStrides(shape)).map { $0 == 1 ? 0 : $1 }
    }
    let (leftStrides, rightStrides) = (strides(left), strides(right))
    forEachIndex(in: shape) { index in
      var (offsetA, offsetB) = (0, 0)
      for axis in 0..<rank {
        offsetA += index[axis] * leftStrides[axis]
        offsetB += index[axis] * rightStrides[axis]
      }
      a.append(offsetA)
      b.append(offsetB)
    }
  }
}
