import OctetModel
import OctetPasses
import TestNetworks
import Testing

@Suite struct RemoveUnusedNodesTests {
  private func graph() throws -> Graph {
    var builder = NetworkBuilder()
    try builder.append("used", .scalar(.relu))
    let used = builder.last
    try builder.append("unread", .scalar(.tanh))
    try builder.append("unreadToo", .scalar(.negate))
    var graph = builder.finished()
    graph.outputs = [used]
    return graph
  }

  @Test func whatNoOutputNeedsGoes() throws {
    try check(graph(), ["relu"], tolerance: 0) { $0.removeUnusedNodes() }
  }

  /// A node that may not go keeps what it reads.
  @Test func candidatesAlone() throws {
    try check(graph(), ["relu", "tanh"], tolerance: 0) {
      $0.removeUnusedNodes { $0.name == "unreadToo" }
    }
    try check(graph(), ["relu", "tanh", "negate"], tolerance: 0) {
      $0.removeUnusedNodes { $0.name == "unread" }
    }
  }
}
