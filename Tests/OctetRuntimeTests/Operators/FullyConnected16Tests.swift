import OctetRuntime
import Testing

struct FullyConnected16Tests {
  @Test(arguments: 0..<40)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = Weighted16Parameters.connected(&random)
    let input = random.int16s(parameters.geometry.input.count)
    try expectSame(
      parameters.connectedOperator, inputs: [input.bytes],
      oracle: [Oracle.fullyConnected16(parameters, input).bytes],
      "seed \(seed): \(parameters.geometry.input)")
  }

  /// Sums beyond 32 bits: 1,000 products of −128 · −32,768, which are 2²².
  @Test func sumsBeyond32Bits() throws {
    let geometry = ConvolutionParameters(
      input: Shape(1, 1, 1, 1000), weights: .init(repeating: -128, count: 1000), bias: [],
      multipliers: [.init(0x1p-20)], output: Shape(1, 1, 1, 1))
    var parameters = Weighted16Parameters(geometry: geometry, bias: [0], isNarrow: false)
    let input = [Int16](repeating: .min, count: 1000)
    #expect(try parameters.connectedOperator.run([input.bytes]) == [[Int16(4000)].bytes])
    parameters.isNarrow = true
    #expect(throws: ModelError.self) { try parameters.connectedOperator.validate() }
  }
}
