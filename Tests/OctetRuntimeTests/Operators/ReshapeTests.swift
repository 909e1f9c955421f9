import OctetRuntime
import Testing

struct ReshapeTests {
  @Test func reshapeKeepsTheElements() throws {
    let input = Array(Int8(-60)..<60)
    let operation = TestOperator(
      kind: .reshape, inputs: [TestTensor(shape: Shape(2, 3, 4, 5))],
      outputs: [TestTensor(shape: Shape(1, 1, 20, 6))], parameters: [])
    try expectSame(operation, inputs: [input], oracle: [Oracle.reshape(input)], "reshape")
  }
}
