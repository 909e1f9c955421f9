import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct SeparateGridsTests {
  /// A maximum of codes and of reals: the codes keep their grid, apart from the one to be chosen.
  @Test func operandsStandApart() throws {
    var builder = NetworkBuilder()
    let image = builder.last
    try builder.append("negate", .scalar(.negate))
    try builder.append("maximum", .maximum, [image])
    var graph = builder.finished()
    try graph.quantize(["image"])
    let separated = try check(graph, ["negate", "quantize", "maximum"], tolerance: 0) {
      $0.separateGrids()
    }
    #expect(separated.isFree(separated.nodes[1].outputs[0]))
  }

  /// What moves codes alone gives codes of the same grid.
  @Test func movedCodesKeepTheirGrid() throws {
    var builder = NetworkBuilder()
    try builder.append("transpose", .transpose([0, 2, 1, 3]))
    try builder.append("negate", .scalar(.negate))
    var graph = builder.finished()
    try graph.quantize(["image"])
    let separated = try check(graph, ["transpose", "negate"], tolerance: 0) { $0.separateGrids() }
    #expect(!separated.isFree(try separated.index("transpose.output")))
  }
}
