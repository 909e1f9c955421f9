import OctetRuntime
import Testing

struct ConcatenationTests {
  @Test(arguments: 0..<30)
  func concatenationMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let base = random.shape()
    let axis = random.int(0...3)
    let shapes = (0..<random.int(1...4)).map { _ in
      var dimensions = base.dimensions
      dimensions[axis] = random.int(1...4)
      return Shape(dimensions)
    }
    var output = base.dimensions
    output[axis] = shapes.reduce(0) { $0 + $1.dimensions[axis] }
    let inputs = shapes.map { random.bytes($0.count) }
    let operation = TestOperator(
      kind: .concatenation, inputs: shapes.map { TestTensor(shape: $0) },
      outputs: [TestTensor(shape: Shape(output))],
      words: [Concatenation.Word.axis: .word(axis)])
    try expectSame(
      operation, inputs: inputs, oracle: [Oracle.concatenation(shapes, axis: axis, inputs)],
      "seed \(seed): axis \(axis)")
  }
}
