import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WidenWeightsTests {
  @Test func partsAddUp() {
    for value in -255...255 {
      let parts = Graph.wideParts(of: [value, 0])
      let sum = parts.reduce(0) { $0 + Int($1[0]) }
      #expect(sum == value)
      #expect(parts.allSatisfy { $0[1] == 0 })
      let count = (-128...127).contains(value) ? 1 : value < 255 ? 2 : 3
      #expect(parts.count == count)
    }
  }

  /// Weights beyond eight bits in as many parts: the same sums, of convolutions of every kind.
  @Test(arguments: ["convolution", "groups", "depthwise", "fullyConnected"])
  func sumsStay(kind: String) throws {
    var builder = NetworkBuilder(seed: 3, channelCount: 4)
    var attributes = ConvolutionAttributes()
    if kind == "groups" { attributes.groups = 2 }
    switch kind {
    case "depthwise":
      try builder.depthwiseConvolution("node", multiplier: 2, kernel: Extent(2))
    case "fullyConnected": try builder.fullyConnected("node", outputCount: 3)
    default: try builder.convolution("node", outputCount: 6, kernel: Extent(2), attributes)
    }
    var graph = builder.finished()
    var node = graph.nodes.removeLast()
    let count = graph.tensors[node.inputs[1]].elementCount
    let integers = (0..<count).map { $0 * 37 % 511 - 255 }
    graph.tensors[node.inputs[1]].constant = .float(integers.map { Float($0) })
    var before = graph
    before.nodes.append(node)

    var weights = graph.tensors[node.inputs[1]]
    weights.name = "wide"
    var (tensorNames, nodeNames) = (
      UniqueNames(Set(graph.tensors.map(\.name))), UniqueNames(["node"])
    )
    var after = graph
    after.nodes += after.widen(
      &node, &weights, Graph.wideParts(of: integers), tensorNames: &tensorNames,
      nodeNames: &nodeNames)
    guard case .int8(let codes) = weights.constant else { return #expect(Bool(false)) }
    weights.constant = .float(codes.map { Float($0) })
    node.inputs[1] = after.add(weights)
    after.nodes.append(node)
    try expectSame(before, after)
  }
}
