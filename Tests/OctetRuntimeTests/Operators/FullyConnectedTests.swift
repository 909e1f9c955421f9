import OctetRuntime
import Testing

struct FullyConnectedTests {
  @Test(arguments: 0..<60)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = FullyConnectedParameters.random(&random)
    let input = random.bytes(parameters.rows * parameters.inputCount)
    try expectSame(
      parameters.testOperator, inputs: [input],
      oracle: [Oracle.fullyConnected(parameters, input)],
      "seed \(seed): \(parameters.rows) × \(parameters.inputCount)")
  }

  @Test(arguments: [0, 3])
  func handChecked(weightZeroPoint: Int) throws {
    let parameters = FullyConnectedParameters(
      rows: 1, inputCount: 2, outputCount: 2, inputZeroPoint: -1,
      weights: [1, 2, 3, 4].map { $0 + Int8(weightZeroPoint) }, weightZeroPoint: weightZeroPoint,
      bias: [10, -100], multipliers: [.init(1), .init(0.25)], outputZeroPoint: 1)
    // (5 + 1) · 1 + (6 + 1) · 2 + 10 = 30;  (6 · 3 + 7 · 4 − 100) / 4 = −13.5, away from zero.
    #expect(try parameters.testOperator.run([[5, 6]]) == [[31, -13]])
  }
}
