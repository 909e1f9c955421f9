import OctetModel
import OctetPasses
import OctetQuantization
import TestNetworks
import Testing

/// Windows of images and heads of attention, of five and six dimensions, run in four.
@Suite struct LowerRanksTests {
  private func check(_ operations: [OctetModel.Operation]) throws {
    var builder = NetworkBuilder(seed: 3, height: 8, width: 6, channelCount: 5)
    for (index, operation) in operations.enumerated() {
      try builder.append("step\(index)", operation)
    }
    let graph = builder.finished()
    let simple = graph.simplified()
    try simple.validate()
    #expect(
      simple.tensors.allSatisfy { $0.shape.count <= 4 },
      "\(simple.tensors.map(\.shape)) of \(operations)")
    let input = (0..<240).map { Float($0 % 31) / 8 - 2 }
    let wanted = try FloatInterpreter(graph).run(inputs: [input])[0]
    let found = try FloatInterpreter(simple).run(inputs: [input])[0]
    #expect(wanted.count == found.count)
    for (a, b) in zip(wanted, found) { #expect(abs(a - b) <= 1e-5) }
  }

  /// Every order of five axes, and some of six.
  @Test func transpositions() throws {
    var random = TestRandom(seed: 1)
    for rank in [5, 6] {
      let shape = rank == 5 ? [2, 4, 3, 2, 5] : [2, 2, 2, 3, 2, 5]
      for _ in 0..<20 {
        let order = Array(0..<rank).shuffled(using: &random)
        try check([.reshape(shape), .transpose(order), .reshape([1, 8, 6, 5])])
      }
    }
  }

  @Test(arguments: [
    OctetModel.Operation.scalar(.relu), .softmax(axis: 4, beta: 1), .softmax(axis: 1, beta: 1),
    .slice(
      begin: [0, 1, 0, 0, 0], count: [2, 2, 3, 2, 5], stride: [1, 2, 1, 1, 1]),
    .mean(axes: [2, 3], keepsDimensions: true), .mean(axes: [0, 1], keepsDimensions: false),
    .expand([2, 4, 3, 2, 5]), .logSoftmax(axis: 2),
    .pad(before: [0, 0, 1, 0, 0], after: [0, 0, 2, 0, 0], mode: .constant(0)),
    .reduce(.norm2, axes: [4], keepsDimensions: true),
    .reduce(.maximum, axes: [4], keepsDimensions: false),
    .reduce(.minimum, axes: [1, 2], keepsDimensions: true),
  ])
  func operations(_ operation: OctetModel.Operation) throws {
    let count = { (shape: [Int]) in shape.elementCount }
    var probe = NetworkBuilder(seed: 3, height: 8, width: 6, channelCount: 5)
    try probe.append("view", .reshape([2, 4, 3, 2, 5]))
    try probe.append("step", operation)
    let graph = probe.finished()
    let result = count(graph.tensors[graph.outputs[0]].shape)
    try check([.reshape([2, 4, 3, 2, 5]), operation, .reshape([1, result])])
  }
}
