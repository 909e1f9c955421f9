import OctetRuntime
import Testing

struct DepthwiseConvolution16Tests {
  @Test(arguments: 0..<40)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = Weighted16Parameters.depthwise(&random)
    let input = random.int16s(parameters.geometry.input.count)
    try expectSame(
      parameters.depthwiseOperator, inputs: [input.bytes],
      oracle: [Oracle.depthwiseConvolution16(parameters, input).bytes],
      "seed \(seed): \(parameters.geometry.input)")
  }
}
