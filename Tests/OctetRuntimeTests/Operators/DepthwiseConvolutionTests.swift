import OctetRuntime
import Testing

struct DepthwiseConvolutionTests {
  @Test(arguments: 0..<60)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = ConvolutionParameters.depthwise(&random)
    let input = random.bytes(parameters.input.count)
    try expectSame(
      parameters.depthwiseOperator, inputs: [input],
      oracle: [Oracle.depthwiseConvolution(parameters, input)],
      "seed \(seed): \(parameters.input)")
  }

  /// Two channels, two taps: channel 0 is 1·3 + 2·5, channel 1 is −1·4 + 0·6.
  @Test func handChecked() throws {
    let parameters = ConvolutionParameters(
      input: Shape(1, 1, 2, 2), weights: [1, -1, 2, 0], bias: [0, 0],
      multipliers: [.init(1), .init(1)], output: Shape(1, 1, 1, 2), window: .init(kernelWidth: 2))
    #expect(try parameters.depthwiseOperator.run([[3, 4, 5, 6]]) == [[13, -4]])
  }
}
