import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct MergeReshapesTests {
  @Test func oneReshapeForMany() throws {
    var builder = NetworkBuilder()
    try builder.append("flat", .reshape([1, 60]))
    try builder.append("rows", .reshape([1, 20, 3]))
    try builder.append("tanh", .scalar(.tanh))
    try builder.append("image", .reshape([1, 4, 5, 3]))
    try builder.append("rows2", .reshape([1, 20, 3]))
    try builder.append("relu", .scalar(.relu))
    try check(builder.finished(), ["reshape", "tanh", "relu"], tolerance: 0) { $0.mergeReshapes() }
  }

  @Test func outputsStay() throws {
    var builder = NetworkBuilder()
    try builder.append("flat", .reshape([1, 60]))
    let flat = builder.last
    try builder.append("image", .reshape([1, 4, 5, 3]))
    var graph = builder.finished()
    graph.outputs.append(flat)
    try check(graph, ["reshape", "reshape"], tolerance: 0) { $0.mergeReshapes() }
  }
}
