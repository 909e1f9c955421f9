import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct IntegerPlacementTests {
  /// A convolution between codes takes integer weights; the result is that of the file.
  @Test func nodesBetweenCodes() throws {
    var builder = NetworkBuilder(seed: 2)
    try builder.convolution("conv", outputCount: 2, kernel: Extent(2))
    try builder.append("relu", .scalar(.relu))
    try builder.append("flat", .reshape([1, 24]))
    var graph = builder.finished()
    try graph.quantize(["image", "relu.output"])
    let weights = graph.nodes[0].inputs[1]
    let steps = (0..<graph.tensors[weights].elementCount).map { Float($0 % 255 - 127) }
    graph.tensors[weights].constant = .float(steps.map { $0 * 0.01 })
    graph.tensors[graph.nodes[0].inputs[2]].constant = .float([0.5, -0.25].map { $0 * 0.05 })
    let before = graph
    let grid = Quantization(scale: 0.01, zeroPoint: 0)
    #expect(graph.placeIntegers(constantGrids: [weights: grid]).isEmpty)
    #expect(graph.nodes.map(\.operation.name) == ["convolution", "reshape"])
    #expect(graph.nodes[0].operation.activation == .relu)
    #expect(graph.tensors[graph.nodes[0].inputs[1]].elementType == .int8)
    #expect(!graph.lacksGrids)
    try expectSame(before, graph, tolerance: 0.06)
    _ = try bytes(of: graph)
  }

  /// Between a node in floats and codes stand conversions.
  @Test func nodesInFloats() throws {
    var builder = NetworkBuilder(seed: 3)
    try builder.append("norm", .localResponseNormalization(size: 3, alpha: 1, beta: 1, bias: 1))
    try builder.append("tanh", .scalar(.tanh))
    var graph = builder.finished()
    try graph.quantize(["image", "tanh.output"])
    let before = graph
    #expect(graph.placeIntegers(constantGrids: [:]).isEmpty)
    #expect(
      graph.nodes.map(\.operation.name)
        == ["dequantize", "localResponseNormalization", "tanh", "quantize"])
    try expectSame(before, graph, tolerance: 0)
  }

  @Test func floatGraphsStay() throws {
    var graph = try Networks.tiny()
    let before = graph
    #expect(graph.placeIntegers(constantGrids: [:]).isEmpty)
    #expect(graph == before)
  }
}
