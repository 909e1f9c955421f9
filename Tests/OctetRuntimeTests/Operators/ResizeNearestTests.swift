import OctetRuntime
import Testing

struct ResizeNearestTests {
  @Test(arguments: 0..<30)
  func resizeNearestMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = random.shape()
    let rows = (0..<random.int(1...9)).map { _ in random.int(0...shape.h - 1) }
    let columns = (0..<random.int(1...9)).map { _ in random.int(0...shape.w - 1) }
    let input = random.bytes(shape.count)
    let operation = TestOperator(
      kind: .resizeNearest, inputs: [TestTensor(shape: shape)],
      outputs: [TestTensor(shape: Shape(shape.n, rows.count, columns.count, shape.c))],
      words: [
        ResizeNearest.Word.rows: .words(rows.map { Int32($0) }),
        .columns: .words(columns.map { Int32($0) }),
      ])
    try expectSame(
      operation, inputs: [input],
      oracle: [Oracle.resizeNearest(shape, rows: rows, columns: columns, input)], "seed \(seed)")
  }
}
