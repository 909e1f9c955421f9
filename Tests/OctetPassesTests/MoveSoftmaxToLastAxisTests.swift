import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct MoveSoftmaxToLastAxisTests {
  /// The kernels have softmax over the last axis only.
  @Test(arguments: 1...3)
  func anyAxis(axis: Int) throws {
    for operation in [OctetModel.Operation.softmax(axis: axis, beta: 1), .logSoftmax(axis: axis)] {
      var builder = NetworkBuilder(seed: axis)
      try builder.append("function", operation)
      try check(
        builder.finished(),
        axis == 3 ? [operation.name] : ["transpose", operation.name, "transpose"]
      ) { $0.moveSoftmaxToLastAxis() }
    }
  }

  /// Rows have the operand's grid, what follows the function that of its result.
  @Test func grids() throws {
    var builder = NetworkBuilder(seed: 4)
    try builder.append("softmax", .softmax(axis: 1, beta: 1))
    var graph = builder.finished()
    try graph.quantize(["image"])
    try graph.quantize(["softmax.output"], scale: 1 / 256, zeroPoint: -128)
    var moved = graph
    moved.moveSoftmaxToLastAxis()
    let scales = moved.nodes.map { moved.tensors[$0.outputs[0]].quantization?.scales[0] ?? 0 }
    let expected: [Float] = [0.05, 1 / 256, 1 / 256]
    #expect(scales == expected)
    try expectSame(graph, moved, tolerance: 0)
    #expect(try bytes(of: graph) == bytes(of: moved))
  }
}
