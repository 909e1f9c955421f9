import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct EqualizeChannelsTests {
  private func network() throws -> Graph {
    var builder = NetworkBuilder(seed: 9, height: 8, width: 8, channelCount: 2)
    try builder.convolution("conv", outputCount: 4, kernel: Extent(3))
    try builder.channelNormalization(epsilon: 1e-7)
    return builder.finished().simplified()
  }

  /// Channels are multiplied with numbers that the normalization takes away again.
  @Test func theNormalizedImageStays() throws {
    var graph = try network()
    let norm = try #require(graph.channelNorms().first)
    #expect(graph.tensors[norm.centred].name == "centred.output")
    let before = graph
    graph.equalizeChannels(of: norm, variances: [1, 4, 0.25, 2])
    #expect(graph.tensors.contains { $0.name == "centred.output/equalized" })
    try expectSame(before, graph, tolerance: 1e-4)
  }

  @Test func imagesThatOthersReadStay() throws {
    var graph = try network()
    graph.outputs.append(try graph.index("conv.output"))
    #expect(graph.channelNorms().isEmpty)
  }
}
