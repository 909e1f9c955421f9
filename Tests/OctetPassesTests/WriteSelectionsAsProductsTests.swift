import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct WriteSelectionsAsProductsTests {
  private func graph(_ other: [Float]?, isSwapped: Bool = false) -> Graph {
    var graph = Graph(name: "selection")
    let shape = [1, 4]
    let condition = graph.add(
      Tensor(
        name: "condition", shape: [4], elementType: .bool, constant: .int64([1, 0, 0, 1])))
    let x = graph.add(Tensor(name: "x", shape: shape))
    let y = graph.add(Tensor(name: "y", shape: shape, constant: other.map { .float($0) }))
    let output = graph.add(Tensor(name: "output", shape: shape))
    graph.inputs = other == nil ? [x, y] : [x]
    graph.outputs = [output]
    graph.nodes = [
      Node(
        name: "select", operation: .select,
        inputs: [condition] + (isSwapped ? [y, x] : [x, y]), outputs: [output])
    ]
    return graph
  }

  @Test(arguments: [true, false])
  func products(isSwapped: Bool) throws {
    try check(graph(nil, isSwapped: isSwapped), ["multiply", "multiply", "add"], tolerance: 0) {
      $0.writeSelectionsAsProducts()
    }
    let zeros = [Float](repeating: 0, count: 4)
    try check(graph(zeros, isSwapped: isSwapped), ["multiply"], tolerance: 0) {
      $0.writeSelectionsAsProducts()
    }
    // Other constants stay for the quantizer to refuse.
    try check(graph([1, 2, 3, 4], isSwapped: isSwapped), ["select"], tolerance: 0) {
      $0.writeSelectionsAsProducts()
    }
  }

  /// What is chosen stays; in the place of what hides stands −16 below the score.
  @Test(arguments: [true, false])
  func masks(isSwapped: Bool) throws {
    let before = graph([-1e9, -1e9, -1e9, -1e9], isSwapped: isSwapped)
    var after = before
    after.writeSelectionsAsProducts()
    try after.validate()
    #expect(after.nodes.map(\.operation) == [.add(.none)])
    for (a, b) in zip(try values(of: before).joined(), try values(of: after).joined()) {
      let isHidden = a == -1e9 && b < -14
      #expect(a == b || isHidden)
    }
  }
}
