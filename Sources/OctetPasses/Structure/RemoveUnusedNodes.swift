import OctetModel

extension Graph {
  /// Leaves out nodes of which no output of the graph needs anything.
  ///
  /// Every output keeps its value and its bytes. Tensors stay, also those that nothing names any
  /// more; `canonical()` leaves them out.
  ///
  /// - Parameter isCandidate: whether a node may go; others stay with all that they need.
  package mutating func removeUnusedNodes(where isCandidate: (Node) -> Bool = { _ in true }) {
    var needed = Set(outputs)
    var kept: [Node] = []
    for node in nodes.reversed()
    where node.outputs.contains(where: needed.contains) || !isCandidate(node) {
      needed.formUnion(node.inputs)
      kept.append(node)
    }
    nodes = kept.reversed()
  }
}
