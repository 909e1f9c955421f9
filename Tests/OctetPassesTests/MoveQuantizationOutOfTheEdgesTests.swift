import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct MoveQuantizationOutOfTheEdgesTests {
  private func graph() throws -> Graph {
    var builder = NetworkBuilder()
    try builder.append("codes", .quantize)
    try builder.append("negate", .scalar(.negate))
    try builder.append("reals", .dequantize)
    var graph = builder.finished()
    try graph.quantize(["codes.output", "negate.output"])
    return graph
  }

  @Test func edgesBecomeCodes() throws {
    var graph = try graph()
    graph.moveQuantizationOutOfTheEdges()
    try graph.validate()
    #expect(graph.nodes.map(\.name) == ["negate"])
    let ends = (graph.inputs + graph.outputs).map { graph.tensors[$0] }
    #expect(ends.map(\.name) == ["image", "reals.output"])
    #expect(ends.allSatisfy { $0.elementType == .int8 })
  }

  /// An input that something else reads as it is.
  @Test func sharedEdgesStay() throws {
    var graph = try graph()
    graph.outputs.append(graph.inputs[0])
    graph.moveQuantizationOutOfTheEdges()
    #expect(graph.nodes.map(\.name) == ["codes", "negate"])
  }
}
