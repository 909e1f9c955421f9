import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteForONNXTests {
  @Test func whatONNXHasNot() throws {
    var builder = NetworkBuilder()
    let image = builder.last
    try builder.append("relu", .scalar(.relu))
    try builder.append("difference", .squaredDifference, [image])
    try builder.append("length", .l2Normalization())
    let graph = try check(
      builder.finished(),
      ["relu", "subtract", "multiply", "multiply", "reduce", "squareRoot", "clip", "divide"]
    ) { $0.writeForONNX() }
    #expect(graph.nodes[1].name == "difference/difference")
  }
}
