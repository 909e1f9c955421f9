import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct FuseActivationsTests {
  /// Each fuses into what makes its operand, a second one with the first.
  @Test(arguments: [
    ScalarFunction.relu, .relu6, .clip(lower: -1, upper: 1), .clip(lower: 0, upper: 0.5),
  ])
  func betweenReals(function: ScalarFunction) throws {
    var builder = NetworkBuilder(seed: 3, height: 5, width: 5, channelCount: 2)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(3))
    try builder.append("transposed", .transpose([0, 2, 1, 3]))
    try builder.append("activation", .scalar(function))
    try builder.averagePool("pool", PoolAttributes(kernel: Extent(2), stride: Extent(1)))
    try builder.append("after", .scalar(function))
    try builder.append("again", .scalar(.clip(lower: -0.25, upper: 0.25)))
    try check(builder.finished(), ["convolution", "transpose", "averagePool"]) {
      $0.fuseActivations(.betweenReals)
    }
  }

  /// A result with another reader keeps its own value.
  @Test func aResultThatOthersReadIsLeftAlone() throws {
    var builder = NetworkBuilder(seed: 4)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(3))
    let convolved = builder.last
    try builder.append("relu", .scalar(.relu))
    var graph = builder.finished()
    graph.outputs.append(convolved)
    for fusion in [ActivationFusion.betweenReals, .beforeRounding] {
      try check(graph, ["convolution", "relu"]) { $0.fuseActivations(fusion) }
    }
  }

  /// The grids of the convolution's result and of the activation's decide.
  @Test(
    arguments: [
      (nil, nil, true, false), (nil, 0.05, true, true), (0.05, 0.05, false, true),
      (0.05, 0.1, false, false), (0.05, nil, false, false),
    ] as [(Float?, Float?, Bool, Bool)])
  func grids(inner: Float?, outer: Float?, betweenReals: Bool, beforeRounding: Bool) throws {
    var builder = NetworkBuilder(seed: 5)
    try builder.convolution("conv", outputCount: 3, kernel: Extent(3))
    try builder.append("relu", .scalar(.relu))
    var graph = builder.finished()
    if let inner { try graph.quantize(["conv.output"], scale: inner) }
    if let outer { try graph.quantize(["relu.output"], scale: outer) }
    for (fusion, fuses) in [
      (ActivationFusion.betweenReals, betweenReals), (.beforeRounding, beforeRounding),
    ] {
      try check(graph, fuses ? ["convolution"] : ["convolution", "relu"], tolerance: 0) {
        $0.fuseActivations(fusion)
      }
    }
  }
}
