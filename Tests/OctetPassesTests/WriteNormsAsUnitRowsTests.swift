import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteNormsAsUnitRowsTests {
  /// Rows times a function of the mean of their squares, over `axes`.
  private func network(
    axes: [Int] = [3], exponent: Float = -0.5, epsilon: Float = 1e-9
  ) throws -> Graph {
    var builder = NetworkBuilder(seed: 9, channelCount: 6)
    let image = builder.last
    try builder.append("square", .multiply(.none), [image])
    try builder.append("mean", .mean(axes: axes, keepsDimensions: true))
    let bound = builder.constant("epsilon", [1], [epsilon])
    try builder.append("bounded", .add(.none), [bound])
    try builder.append("factor", .scalar(.power(exponent: exponent)))
    try builder.append("normal", .multiply(.none), [image])
    return builder.finished().simplified()
  }

  /// Six values over their root mean square are √6 times the row over its length.
  @Test func rootMeanSquare() throws {
    var graph = try network()
    let before = graph
    let isChanged = graph.writeNormsAsUnitRows()
    #expect(isChanged)
    #expect(graph.nodes.map(\.operation.name) == ["l2Normalization", "multiply"])
    let factor = try #require(graph.tensors[graph.nodes[1].inputs[1]].floats)
    #expect(abs(factor[0] - Float(6).squareRoot()) < 1e-4)
    try expectSame(before, graph.canonical(), tolerance: 1e-4)
  }

  /// Other axes than the last, and what is no length.
  @Test func othersStay() throws {
    for other in [try network(axes: [1, 2]), try network(exponent: -1)] {
      var graph = other
      let isChanged = graph.writeNormsAsUnitRows()
      #expect(!isChanged && graph == other)
    }
  }
}
