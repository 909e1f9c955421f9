import OctetRuntime
import Testing

struct RequantizeTests {
  @Test(arguments: 0..<40)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = RequantizeParameters.random(Shape(1, 3, 5, 7), &random)
    let input =
      parameters.isInt16.input
      ? random.int16s(105) : random.bytes(105).map { Int16($0) }
    func bytes(_ codes: [Int16], _ isInt16: Bool) -> [Int8] {
      isInt16 ? codes.bytes : codes.map { Int8($0) }
    }
    try expectSame(
      parameters.testOperator, inputs: [bytes(input, parameters.isInt16.input)],
      oracle: [bytes(Oracle.requantize(parameters, input), parameters.isInt16.output)],
      "seed \(seed)")
  }
}
