import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct FoldBatchNormalizationsTests {
  @Test(arguments: 1...6)
  func normalizationsAreFolded(seed: Int) throws {
    var builder = NetworkBuilder(seed: seed, height: 7, width: 6, channelCount: 3)
    try builder.convolution("conv", outputCount: 4, kernel: Extent(3))
    try builder.batchNormalization("norm1")
    try builder.batchNormalization("again")
    try builder.depthwiseConvolution("deep", multiplier: 2, kernel: Extent(2))
    try builder.batchNormalization("norm2")
    try builder.transposedConvolution("back", outputCount: 2, kernel: Extent(2))
    try builder.batchNormalization("norm3")
    try builder.fullyConnected("fc", outputCount: 5)
    try builder.batchNormalization("norm4")
    try check(
      builder.finished(),
      ["convolution", "depthwiseConvolution", "transposedConvolution", "reshape", "fullyConnected"]
    ) {
      $0.foldBatchNormalizations()
      // The bias of the first fold, which nothing reads after the second, has the name of its own.
      $0 = $0.canonical()
    }
  }

  /// Another reader of the image, an activation before, or nothing with weights.
  @Test func someStay() throws {
    var builder = NetworkBuilder()
    try builder.batchNormalization("first")
    try builder.convolution("conv", outputCount: 4, kernel: Extent(2))
    let image = builder.last
    try builder.batchNormalization("norm")
    var attributes = ConvolutionAttributes()
    attributes.activation = .relu
    try builder.convolution("clamped", outputCount: 4, kernel: Extent(2), attributes)
    try builder.batchNormalization("last")
    var graph = builder.finished()
    graph.outputs.append(image)
    try check(graph, graph.nodes.map(\.operation.name), tolerance: 0) {
      $0.foldBatchNormalizations()
    }
  }
}
