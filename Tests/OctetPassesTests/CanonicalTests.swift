import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct CanonicalTests {
  @Test func numberingIsNoMatter() throws {
    let graph = try Networks.tiny()
    var other = graph
    // Every tensor in the opposite place, and one that nothing reads.
    let last = graph.tensors.count - 1
    other.tensors = graph.tensors.reversed()
    other.inputs = graph.inputs.map { last - $0 }
    other.outputs = graph.outputs.map { last - $0 }
    for index in other.nodes.indices {
      other.nodes[index].inputs = graph.nodes[index].inputs.map { last - $0 }
      other.nodes[index].outputs = graph.nodes[index].outputs.map { last - $0 }
    }
    other.add(Tensor(name: "unread", shape: [1], constant: .float([1])))
    #expect(graph.canonical() != other)
    #expect(graph.canonical() == other.canonical())
    try expectSame(graph, other.canonical(), tolerance: 0)
  }
}
