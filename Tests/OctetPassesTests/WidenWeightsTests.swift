import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WidenWeightsTests {
  private struct Importer: WeightWidener {
    var graph: Graph

    mutating func moved(
      _ tensor: TensorIndex, _ operation: OctetModel.Operation, _ inputs: [TensorIndex],
      _ name: String, _ shape: [Int]
    ) -> TensorIndex {
      var result = graph.tensors[tensor]
      (result.name, result.shape) = ("\(result.name)/\(name)", shape)
      let index = graph.add(result)
      graph.nodes.append(
        Node(name: result.name, operation: operation, inputs: inputs, outputs: [index]))
      return index
    }
  }

  @Test func partsAddUp() {
    let importer = Importer(graph: Graph())
    for value in -255...255 {
      let parts = importer.wideParts(of: [value, 0])
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

    var importer = Importer(graph: graph)
    var weights = graph.tensors[node.inputs[1]]
    weights.name = "wide"
    importer.widen(&node, &weights, importer.wideParts(of: integers))
    guard case .int8(let codes) = weights.constant else { return #expect(Bool(false)) }
    weights.constant = .float(codes.map { Float($0) })
    var after = importer.graph
    node.inputs[1] = after.add(weights)
    after.nodes.append(node)
    try expectSame(before, after)
  }
}
