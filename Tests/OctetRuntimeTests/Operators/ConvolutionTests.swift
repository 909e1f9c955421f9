import OctetRuntime
import Testing

struct ConvolutionTests {
  @Test(arguments: 0..<60)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = ConvolutionParameters.convolution(&random)
    let input = random.bytes(parameters.input.count)
    try expectSame(
      parameters.convolutionOperator, inputs: [input],
      oracle: [Oracle.convolution(parameters, input)], "seed \(seed): \(parameters.input)")
  }

  /// 2 × 2 values, a kernel of the same size: by hand 1·1 + 2·2 + 3·3 + 4·4 + 5 = 35.
  @Test func handChecked() throws {
    let parameters = ConvolutionParameters(
      input: Shape(1, 2, 2, 1), weights: [1, 2, 3, 4], bias: [5], multipliers: [.init(0.5)],
      output: Shape(1, 1, 1, 1), window: .init(kernelHeight: 2, kernelWidth: 2))
    // 17.5 rounds away from zero.
    #expect(try parameters.convolutionOperator.run([[1, 2, 3, 4]]) == [[18]])
  }
}
