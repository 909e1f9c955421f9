import OctetRuntime
import Testing

struct PadTests {
  @Test(arguments: 0..<40)
  func padMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let shape = random.shape()
    let before = (0..<4).map { _ in random.int(-2...2) }
    let output = Shape(
      (0..<4).map { max(1, shape.dimensions[$0] + before[$0] + random.int(-2...2)) })
    let input = random.bytes(shape.count)
    let value = random.int(-128...127)
    let operation = TestOperator(
      kind: .pad, inputs: [TestTensor(shape: shape)], outputs: [TestTensor(shape: output)],
      parameters: (before + [value]).map { .word($0) })
    let expected = Oracle.pad(shape, before: before, output: output, value: Int8(value), input)
    try expectSame(operation, inputs: [input], oracle: [expected], "seed \(seed): \(before)")
  }
}
