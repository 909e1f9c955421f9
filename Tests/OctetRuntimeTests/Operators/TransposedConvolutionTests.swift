import OctetRuntime
import Testing

struct TransposedConvolutionTests {
  @Test(arguments: 0..<60)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = ConvolutionParameters.transposed(&random)
    let input = random.bytes(parameters.input.count)
    try expectSame(
      parameters.transposedConvolutionOperator, inputs: [input],
      oracle: [Oracle.transposedConvolution(parameters, input)],
      "seed \(seed): \(parameters.input)")
  }
}
