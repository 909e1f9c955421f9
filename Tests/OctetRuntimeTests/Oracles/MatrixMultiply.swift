import OctetRuntime

struct MatrixMultiplyParameters {
  /// `[…, M, K]`
  var a: Shape
  /// `[…, K, N]`, or `[…, N, K]` when `isTransposed`.
  var b: Shape
  var isTransposed = false
  var zeroA = 0
  var zeroB = 0
  var zeroOutput = 0
  var by: FixedPointMultiplier

  var columnCount: Int { isTransposed ? b.w : b.c }
  var output: Shape { Shape(max(a.n, b.n), max(a.h, b.h), a.w, columnCount) }
}

extension Oracle {
  static func matrixMultiply(
    _ p: MatrixMultiplyParameters, _ a: [Int8], _ b: [Int8]
  ) -> [Int8] {
    p.output.indices.map { at in
      func matrix(_ shape: Shape) -> (n: Int, h: Int) {
        (shape.n == 1 ? 0 : at[0], shape.h == 1 ? 0 : at[1])
      }
      let (left, right) = (matrix(p.a), matrix(p.b))
      var sum: Int64 = 0
      for k in 0..<p.a.c {
        let (row, column) = p.isTransposed ? (at[3], k) : (k, at[3])
        let x = Int64(a[p.a.index(left.n, left.h, at[2], k)]) - Int64(p.zeroA)
        let y = Int64(b[p.b.index(right.n, right.h, row, column)]) - Int64(p.zeroB)
        sum += x * y
      }
      return clamp(requantize(sum, p.by) + Int64(p.zeroOutput), -128, 127)
    }
  }
}
