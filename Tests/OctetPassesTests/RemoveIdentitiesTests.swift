import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct RemoveIdentitiesTests {
  @Test func identitiesGo() throws {
    var builder = NetworkBuilder(seed: 5)
    try builder.append("relu", .scalar(.relu))
    try builder.append("identity1", .identity)
    try builder.append("identity2", .identity)
    try builder.append("tanh", .scalar(.tanh))
    try builder.append("identity3", .identity)
    let graph = try check(builder.finished(), ["relu", "tanh"], tolerance: 0) {
      $0.removeIdentities()
    }
    #expect(graph.tensors[graph.outputs[0]].name == "tanh.output")
  }

  /// One from an input keeps the output apart from it; one between two grids is a change of scale.
  @Test func someStay() throws {
    var builder = NetworkBuilder(seed: 6)
    try builder.append("first", .identity)
    try check(builder.finished(), ["identity"], tolerance: 0) { $0.removeIdentities() }

    builder = NetworkBuilder(seed: 7)
    try builder.append("relu", .scalar(.relu))
    try builder.append("same", .identity)
    var graph = builder.finished()
    try graph.quantize(["relu.output"])
    try graph.quantize(["same.output"], scale: 0.1)
    try check(graph, ["relu", "identity"], tolerance: 0) { $0.removeIdentities() }
  }
}
