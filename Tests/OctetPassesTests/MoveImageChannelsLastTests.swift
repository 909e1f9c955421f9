import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct MoveImageChannelsLastTests {
  private func graph(channelCount: Int) -> Graph {
    var graph = Graph(name: "perceptron")
    graph.inputs = [graph.add(Tensor(name: "image", shape: [1, channelCount, 6, 5]))]
    let flat = [1, channelCount * 30]
    graph.outputs = [graph.add(Tensor(name: "flat", shape: flat))]
    graph.nodes = [
      Node(name: "reshape", operation: .reshape(flat), inputs: graph.inputs, outputs: graph.outputs)
    ]
    return graph
  }

  @Test(arguments: [(1, ["reshape"]), (3, ["transpose", "reshape"]), (2, nil)])
  func channels(count: Int, expected: [String]?) throws {
    var graph = graph(channelCount: count)
    let moved = graph.moveImageChannelsLast()
    try graph.validate()
    #expect(moved == (expected == nil ? [] : [0]))
    #expect(graph.nodes.map(\.operation.name) == expected ?? ["reshape"])
    guard expected != nil else { return }
    #expect(graph.tensors[graph.inputs[0]].shape == [1, 6, 5, count])
    // The same picture, channels last.
    let planes = (0..<count * 30).map { Float($0) }
    let pixels = (0..<count * 30).map { planes[$0 % count * 30 + $0 / count] }
    #expect(try FloatInterpreter(graph).run(inputs: [pixels])[0] == planes)
  }
}
