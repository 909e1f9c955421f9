import OctetRuntime
import Testing

struct Softmax16Tests {
  @Test(arguments: 0..<30)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = Softmax16Parameters(
      rows: random.int(1...4), channels: random.int(1...200), by: random.multiplier(near: 2))
    let input = random.int16s(parameters.shape.count)
    try expectSame(
      parameters.testOperator, inputs: [input.bytes],
      oracle: [Oracle.softmax16(parameters, input).bytes], "seed \(seed)")
  }
}
