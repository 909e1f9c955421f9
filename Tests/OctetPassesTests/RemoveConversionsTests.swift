import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct RemoveConversionsTests {
  /// image (codes) → dequantize → first → quantize → dequantize → second.
  private func graph(_ first: OctetModel.Operation, _ second: OctetModel.Operation) throws -> Graph
  {
    var builder = NetworkBuilder()
    try builder.append("reals", .dequantize)
    try builder.append("first", first)
    try builder.append("codes", .quantize)
    try builder.append("realsAgain", .dequantize)
    try builder.append("second", second)
    var graph = builder.finished()
    try graph.quantize(["image", "codes.output"])
    return graph
  }

  @Test func nodesReadAndMakeCodes() throws {
    let transposed = OctetModel.Operation.transpose([0, 2, 1, 3])
    let graph = try check(graph(transposed, .scalar(.negate)), ["transpose", "negate"]) {
      $0.removeConversions()
    }
    #expect(graph.tensors[graph.nodes[0].outputs[0]].name == "codes.output")
    #expect(graph.lacksGrids)
  }

  /// Functions between codes are a table, and stay between codes.
  @Test func tablesStay() throws {
    try check(
      graph(.scalar(.tanh), .transpose([0, 2, 1, 3])),
      ["dequantize", "tanh", "quantize", "transpose"], tolerance: 0
    ) { $0.removeConversions() }
  }
}
