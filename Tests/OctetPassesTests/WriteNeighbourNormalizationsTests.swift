import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteNeighbourNormalizationsTests {
  @Test(arguments: [1, 4, 5, 9])
  func neighbouringChannels(size: Int) throws {
    var builder = NetworkBuilder(seed: 10, channelCount: 7)
    try builder.append(
      "norm", .localResponseNormalization(size: size, alpha: 0.5, beta: 0.75, bias: 1))
    try check(builder.finished(), ["multiply", "convolution", "power", "multiply"]) {
      $0.writeNeighbourNormalizations()
    }
  }
}
