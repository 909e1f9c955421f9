import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteNormalizationsAsLengthsTests {
  /// x over the root of its mean square, as files have it.
  private func graph(
    axes: [Int], by root: [ScalarFunction] = [.power(exponent: -0.5)], isShown: Bool = false
  ) throws -> Graph {
    var builder = NetworkBuilder(seed: 24)
    let image = builder.last
    try builder.append("square", .multiply(.none), [image])
    try builder.append("mean", .mean(axes: axes, keepsDimensions: true))
    let epsilon = builder.constant("epsilon", [1], [1e-3])
    try builder.append("bounded", .add(.none), [epsilon])
    for (index, function) in root.enumerated() {
      try builder.append("root\(index)", .scalar(function))
    }
    let factor = builder.last
    try builder.append("normal", .multiply(.none), [image])
    var graph = builder.finished()
    if isShown { graph.outputs.append(factor) }
    return graph
  }

  /// Whatever the rows are and however the inverse root is written.
  @Test(
    arguments: [[3], [2, 3], [1, 2], [1, 3]],
    [[ScalarFunction.power(exponent: -0.5)], [.squareRoot, .reciprocal]])
  func normalizations(axes: [Int], root: [ScalarFunction]) throws {
    let kinds: [String] =
      switch axes {
      case [3]: ["l2Normalization"]
      case [2, 3]: ["reshape", "l2Normalization", "reshape"]
      default: ["transpose", "reshape", "l2Normalization", "reshape", "transpose"]
      }
    let graph = try check(graph(axes: axes, by: root), kinds) { $0.writeNormalizationsAsLengths() }
    let attributes = graph.nodes.compactMap { node in
      if case .l2Normalization(let own) = node.operation { own } else { nil }
    }
    let shape = graph.tensors[graph.inputs[0]].shape
    let count = Float(axes.reduce(1) { $0 * shape[$1] })
    #expect(attributes.count == 1)
    #expect(abs(attributes[0].gain - count.squareRoot()) < 1e-5)
    #expect(abs(attributes[0].epsilon - 1e-3 * count) < 1e-5)
  }

  /// Where somebody else reads the factor, or the squares have a grid, all stays.
  @Test func someStay() throws {
    let kinds = ["multiply", "mean", "add", "power", "multiply"]
    try check(graph(axes: [3], isShown: true), kinds) { $0.writeNormalizationsAsLengths() }
    var graph = try graph(axes: [3])
    try graph.quantize(["square.output"])
    try check(graph, kinds) { $0.writeNormalizationsAsLengths() }
  }
}
