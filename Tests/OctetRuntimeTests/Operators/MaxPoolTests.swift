import OctetRuntime
import Testing

struct MaxPoolTests {
  @Test(arguments: 0..<60)
  func maxPoolMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = PoolParameters.random(&random)
    let input = random.bytes(parameters.input.count)
    try expectSame(
      parameters.testOperator(.maxPool), inputs: [input],
      oracle: [Oracle.maxPool(parameters, input)], "seed \(seed): \(parameters.input)")
  }
}
