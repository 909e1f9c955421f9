import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct InsertGridsTests {
  /// Two nodes that ask for one grid share the change of scale.
  @Test func changesOfScale() throws {
    var builder = NetworkBuilder()
    let image = builder.last
    try builder.append("negate", .scalar(.negate))
    try builder.append("least", .minimum, [image])
    let least = builder.last
    builder.select(image)
    try builder.append("greatest", .maximum, [least])
    var graph = builder.finished()
    let fine = Quantization(scale: 0.01, zeroPoint: 0)
    let coarse = Quantization(scale: 0.02, zeroPoint: -5)
    graph.takeGrids(
      Dictionary(
        uniqueKeysWithValues: graph.tensors.indices.map { ($0, $0 == image ? fine : coarse) }))
    graph.insertGrids(
      [
        GridChange(node: 1, position: 1, quantization: coarse),
        GridChange(node: 2, position: 0, quantization: coarse),
        GridChange(node: 2, position: 1, quantization: coarse),
      ], functions: [])
    try graph.validate()
    #expect(graph.nodes.map(\.operation.name) == ["negate", "quantize", "minimum", "maximum"])
    let change = graph.nodes[1]
    #expect(graph.nodes[2].inputs[1] == change.outputs[0])
    #expect(graph.nodes[3].inputs == [change.outputs[0], graph.nodes[2].outputs[0]])
    #expect(graph.tensors[change.outputs[0]].quantization == coarse)
  }

  /// A function of several nodes stands between codes and has no grid inside.
  @Test func functions() throws {
    var builder = NetworkBuilder()
    let image = builder.last
    try builder.append("logistic", .scalar(.logistic))
    try builder.append("product", .multiply(.none), [image])
    var graph = builder.finished()
    let functions = graph.functionRegions()
    #expect(functions.map(\.nodes) == [[0, 1]])
    let grid = Quantization(scale: 0.01, zeroPoint: 0)
    graph.takeGrids([image: grid, graph.outputs[0]: grid])
    let rounded = graph
    graph.insertGrids([], functions: functions)
    #expect(
      graph.nodes.map(\.operation.name) == ["dequantize", "logistic", "multiply", "quantize"])
    try expectSame(rounded, graph, tolerance: 0)
    #expect(graph.tableRegions().count == 1)
    #expect(!graph.lacksGrids)
  }
}
