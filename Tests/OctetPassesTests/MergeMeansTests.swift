import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct MergeMeansTests {
  private func graph(keepsDimensions: Bool) throws -> Graph {
    var builder = NetworkBuilder()
    try builder.append("rows", .mean(axes: [1], keepsDimensions: keepsDimensions))
    try builder.append(
      "all", .mean(axes: [keepsDimensions ? 2 : 1], keepsDimensions: keepsDimensions))
    return builder.finished()
  }

  @Test(arguments: [true, false])
  func oneMeanForTwo(keepsDimensions: Bool) throws {
    let merged = try check(graph(keepsDimensions: keepsDimensions), ["mean"]) { $0.mergeMeans() }
    #expect(merged.nodes[0].operation == .mean(axes: [1, 2], keepsDimensions: keepsDimensions))
  }

  /// Rounding between the two, or another reader, keeps them apart.
  @Test func whatIsBetweenMayMatter() throws {
    var graph = try graph(keepsDimensions: true)
    try graph.quantize(["rows.output"])
    try check(graph, ["mean", "mean"]) { $0.mergeMeans() }
    graph = try self.graph(keepsDimensions: true)
    graph.outputs.append(try graph.index("rows.output"))
    try check(graph, ["mean", "mean"]) { $0.mergeMeans() }
  }
}
