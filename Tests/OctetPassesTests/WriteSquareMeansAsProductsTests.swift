import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteSquareMeansAsProductsTests {
  private func graph(axes: [Int], function: ScalarFunction?) throws -> Graph {
    var builder = NetworkBuilder(seed: 24)
    let image = builder.last
    try builder.append("square", .multiply(.none), [image])
    try builder.append("mean", .mean(axes: axes, keepsDimensions: true))
    if let function { try builder.append("function", .scalar(function)) }
    return builder.finished()
  }

  /// A mean of squares is a sum of products of rows, whatever it runs over.
  @Test(arguments: [[1, 2], [3], [1, 3]])
  func variances(axes: [Int]) throws {
    let arranged = axes == [3] ? [] : ["transpose"]
    try check(
      graph(axes: axes, function: .squareRoot),
      arranged + ["reshape", "reshape", "matrixMultiply", "reshape", "multiply", "squareRoot"]
    ) { $0.writeSquareMeansAsProducts() }
  }

  /// No function takes in the divisor, or the squares have a grid.
  @Test func someStay() throws {
    try check(graph(axes: [1], function: nil), ["multiply", "mean"]) {
      $0.writeSquareMeansAsProducts()
    }
    var graph = try graph(axes: [1], function: .squareRoot)
    try graph.quantize(["square.output"])
    try check(graph, ["multiply", "mean", "squareRoot"]) { $0.writeSquareMeansAsProducts() }
  }
}
