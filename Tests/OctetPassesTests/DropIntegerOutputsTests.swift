import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct DropIntegerOutputsTests {
  @Test func positionsAndConstantsGo() throws {
    var builder = NetworkBuilder()
    try builder.append("relu", .scalar(.relu))
    let attributes = ExtremumAttributes(
      axis: 3, keepsDimensions: false, isMinimum: false, takesLast: false)
    try builder.append("position", .extremum(attributes))
    var graph = builder.finished()
    let numbers = graph.add(
      Tensor(name: "numbers", shape: [2], elementType: .int64, constant: .int64([1, 2])))
    let constant = graph.add(Tensor(name: "constant", shape: [2], elementType: .int64))
    graph.nodes.append(
      Node(name: "copy", operation: .identity, inputs: [numbers], outputs: [constant]))
    graph.outputs.append(constant)
    graph.tensors[graph.outputs[0]].elementType = .int64
    let notes = graph.dropIntegerOutputs()
    #expect(notes.count == 2)
    #expect(graph.nodes.map(\.name) == ["relu"])
    #expect(graph.outputs.map { graph.tensors[$0].name } == ["relu.output"])
    #expect(graph.dropIntegerOutputs().isEmpty)
  }
}
