import OctetRuntime
import Testing

struct ResizeBilinearTests {
  @Test(arguments: 0..<30)
  func resizeBilinearMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = random.shape()
    func axis(_ extent: Int) -> BilinearAxis {
      let indices = 0..<random.int(1...9)
      return BilinearAxis(
        lower: indices.map { _ in random.int(0...extent - 1) },
        upper: indices.map { _ in random.int(0...extent - 1) },
        weights: indices.map { _ in random.int(-512...1024) })
    }
    let rows = axis(shape.h)
    let columns = axis(shape.w)
    let input = random.bytes(shape.count)
    func table(_ axis: BilinearAxis) -> TestParameter {
      .words(
        axis.lower.indices.flatMap {
          [Int32(axis.lower[$0]), Int32(axis.upper[$0]), Int32(axis.weights[$0])]
        })
    }
    let output = Shape(shape.n, rows.lower.count, columns.lower.count, shape.c)
    let operation = TestOperator(
      kind: .resizeBilinear, inputs: [TestTensor(shape: shape)],
      outputs: [TestTensor(shape: output)],
      words: [ResizeBilinear.Word.rows: table(rows), .columns: table(columns)])
    try expectSame(
      operation, inputs: [input],
      oracle: [Oracle.resizeBilinear(shape, rows: rows, columns: columns, input)],
      "seed \(seed)")
  }
}
