import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct SubgraphsTests {
  /// image → relu → tanh → add (with the relu again) → negate.
  private func graph() throws -> Graph {
    var builder = NetworkBuilder()
    try builder.append("relu", .scalar(.relu))
    let relu = builder.last
    try builder.append("tanh", .scalar(.tanh))
    try builder.append("add", .add(.none), [relu])
    try builder.append("negate", .scalar(.negate))
    return builder.finished()
  }

  @Test func aPartBetweenTensors() throws {
    let graph = try graph()
    let (relu, add) = (try graph.index("relu.output"), try graph.index("add.output"))
    let part = try #require(graph.cut(from: [relu], to: [add]))
    try part.validate()
    #expect(part.nodes.map(\.name) == ["tanh", "add"])
    #expect(part.inputs.map { part.tensors[$0].name } == ["relu.output"])
    // The sum needs the relu too.
    #expect(graph.cut(from: [try graph.index("tanh.output")], to: [add]) == nil)
  }

  @Test func theRest() throws {
    let graph = try graph()
    let tail = try #require(graph.tail(after: try graph.index("tanh.output")))
    try tail.graph.validate()
    #expect(tail.graph.nodes.map(\.name) == ["add", "negate"])
    #expect(tail.others == [try graph.index("relu.output")])
    let image = (0..<60).map { Float($0) / 20 - 1.5 }
    let relu = image.map { max(0, $0) }
    let tanh = try #require(
      graph.cut(from: graph.inputs, to: [try graph.index("tanh.output")]))
    let inner = try FloatInterpreter(tanh).run(inputs: [image])[0]
    #expect(
      try FloatInterpreter(tail.graph).run(inputs: [inner, relu])
        == FloatInterpreter(graph).run(inputs: [image]))
  }
}
