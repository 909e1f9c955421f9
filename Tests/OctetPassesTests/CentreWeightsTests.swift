import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct CentreWeightsTests {
  /// A layer and what it gives less its mean over channels.
  private func network(
    groups: Int = 1, axis: Int = 3, _ append: (inout NetworkBuilder) throws -> Void = { _ in }
  ) throws -> Graph {
    var builder = NetworkBuilder(seed: 7, channelCount: 4)
    var attributes = ConvolutionAttributes()
    attributes.groups = groups
    try builder.convolution("conv", outputCount: 6, kernel: Extent(2), attributes)
    let result = builder.last
    try append(&builder)
    try builder.append("mean", .mean(axes: [axis], keepsDimensions: true))
    let mean = builder.last
    builder.select(result)
    try builder.append("centred", .subtract(.none), [mean])
    try builder.append("size", .scalar(.absolute))
    return builder.finished()
  }

  @Test func meansGoIntoWeights() throws {
    let graph = try check(network(), ["convolution", "absolute"]) { $0.centreWeights() }
    #expect(graph.tensors[graph.nodes[0].outputs[0]].name == "centred.output")
    var builder = NetworkBuilder(seed: 8)
    try builder.fullyConnected("dense", outputCount: 5)
    let result = builder.last
    try builder.append("mean", .mean(axes: [1], keepsDimensions: true))
    let mean = builder.last
    builder.select(result)
    try builder.append("centred", .subtract(.none), [mean])
    try check(builder.finished(), ["reshape", "fullyConnected"]) { $0.centreWeights() }
  }

  /// Groups, other axes, results that others read, and activations before the mean.
  @Test func othersStay() throws {
    let whole = ["convolution", "mean", "subtract", "absolute"]
    try check(network(groups: 2), whole) { $0.centreWeights() }
    try check(network(axis: 1), whole) { $0.centreWeights() }
    let active = try network { try $0.append("relu", .scalar(.relu)) }
    try check(active, ["convolution", "relu", "mean", "subtract", "absolute"]) {
      $0.centreWeights()
    }
  }
}
