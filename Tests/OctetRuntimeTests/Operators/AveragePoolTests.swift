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

  @Test(arguments: [-128, -3, 0, 4, 127])
  func halvesToEven(zeroPoint: Int) throws {
    var parameters = PoolParameters(
      input: Shape(1, 2, 2, 1), zeroPoint: zeroPoint, output: Shape(1, 1, 1, 1),
      window: .init(kernelHeight: 2, kernelWidth: 2))
    parameters.roundsToEven = true
    let average = parameters.testOperator(.averagePool)
    for last in -128...127 {
      let input: [Int8] = [Int8(last), 3, -2, 7]
      #expect(try average.run([input]) == [Oracle.averagePool(parameters, input)], "\(last)")
    }
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
