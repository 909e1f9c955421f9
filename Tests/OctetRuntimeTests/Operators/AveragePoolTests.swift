import OctetRuntime
import Testing

struct AveragePoolTests {
  @Test(arguments: 0..<60)
  func averagePoolMatchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = PoolParameters.random(&random)
    let input = random.bytes(parameters.input.count)
    try expectSame(
      parameters.testOperator(.averagePool), inputs: [input],
      oracle: [Oracle.averagePool(parameters, input)], "seed \(seed): \(parameters.input)")
  }

  @Test func averageRoundsHalfAwayFromZero() throws {
    let parameters = PoolParameters(
      input: Shape(1, 2, 2, 1), output: Shape(1, 1, 1, 1),
      window: .init(kernelHeight: 2, kernelWidth: 2))
    let average = parameters.testOperator(.averagePool)
    #expect(try average.run([[1, 2, 1, 2]]) == [[2]])
    #expect(try average.run([[-1, -2, -1, -2]]) == [[-2]])
    #expect(try average.run([[0, 0, 0, 1]]) == [[0]])
  }
}
