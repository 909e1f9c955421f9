import OctetData
import OctetModel
import OctetTraining
import Testing

@Suite struct MatrixMultiplyTests {
  @Test(arguments: [
    (1, 1, 1), (1, 33, 7), (8, 32, 16), (9, 31, 300), (17, 40, 5), (3, 16, 257), (7, 123, 16),
    (5, 0, 4), (4, 5, 0),
  ])
  func matchesTheDefinition(_ m: Int, _ n: Int, _ k: Int) throws {
    var generator = Xoshiro256(seed: 9)
    let a = (0..<m * k).map { _ in generator.uniform(bound: 1) }
    let b = (0..<k * n).map { _ in generator.uniform(bound: 1) }
    var start = (0..<m * n).map { _ in generator.uniform(bound: 1) }
    for (transposesA, transposesB, accumulates) in [
      (false, false, false), (true, false, true), (false, true, true), (true, true, false),
    ] {
      let aShape = MatrixShape(rowCount: m, columnCount: k)
      let bShape = MatrixShape(rowCount: k, columnCount: n)
      let shapeA = transposesA ? MatrixShape(rowCount: k, columnCount: m).transposed : aShape
      let shapeB = transposesB ? MatrixShape(rowCount: n, columnCount: k).transposed : bShape
      let before = start
      start.withUnsafeMutableBufferPointer { c in
        a.withUnsafeBufferPointer { a in
          b.withUnsafeBufferPointer { b in
            matrixMultiply(
              a, shapeA, b, shapeB, into: c, cRowStride: n, accumulates: accumulates)
          }
        }
      }
      for i in 0..<m {
        for j in 0..<n {
          let sum = (0..<k).reduce(accumulates ? Double(before[i * n + j]) : 0) {
            $0 + Double(a[i * shapeA.rowStride + $1 * shapeA.columnStride])
              * Double(b[$1 * shapeB.rowStride + j * shapeB.columnStride])
          }
          #expect(abs(Double(start[i * n + j]) - sum) < 1e-4)
        }
      }
    }
  }
}
