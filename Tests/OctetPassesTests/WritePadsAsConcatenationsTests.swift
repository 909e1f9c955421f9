import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WritePadsAsConcatenationsTests {
  @Test(arguments: [PadMode.reflect, .edge, .wrap])
  func padding(mode: PadMode) throws {
    var builder = NetworkBuilder(seed: 5)
    try builder.append("pad", .pad(before: [0, 2, 0, 0], after: [0, 1, 3, 0], mode: mode))
    try check(
      builder.finished(), ["slice", "slice", "concatenation", "slice", "concatenation"],
      tolerance: 0
    ) { $0.writePadsAsConcatenations() }
  }

  /// A number, and more than there is.
  @Test(arguments: [(PadMode.constant(2), 2), (.wrap, 5), (.edge, 255)])
  func someStay(mode: PadMode, count: Int) throws {
    var builder = NetworkBuilder(seed: 5)
    try builder.append("pad", .pad(before: [0, count, 0, 0], after: [0, 0, 0, 0], mode: mode))
    var graph = builder.finished()
    graph.writePadsAsConcatenations()
    #expect(graph.nodes.map(\.operation.name) == ["pad"])
  }

  /// What is moved keeps its grid, and so its bytes.
  @Test func grids() throws {
    var builder = NetworkBuilder(seed: 6)
    try builder.append("pad", .pad(before: [0, 0, 2, 0], after: [0, 0, 1, 0], mode: .reflect))
    var graph = builder.finished()
    try graph.quantize(["image", "pad.output"])
    var written = graph
    written.writePadsAsConcatenations()
    #expect(written.tensors.allSatisfy { $0.quantization == graph.tensors[0].quantization })
    try expectSame(graph, written, tolerance: 0)
  }
}
