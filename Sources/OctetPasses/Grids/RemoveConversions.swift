import OctetModel

extension Graph {
  /// Removes conversions between reals and codes from a graph that is quantized in part, but for
  /// those around tables, whose inner values need no grid.
  ///
  /// Nodes then read codes, and make them, where they have no kernel yet. Values stay, but where
  /// codes of one grid were made of reals of another.
  package mutating func removeConversions() {
    removeDequantizing()
    removeQuantizing()
  }

  /// Nodes read codes where they read the reals that these stand for.
  private mutating func removeDequantizing() {
    let inTables = nodesInTables
    for node in nodes where node.operation == .dequantize {
      let (codes, reals) = (node.inputs[0], node.outputs[0])
      for index in nodes.indices where !inTables.contains(index) {
        nodes[index].inputs = nodes[index].inputs.map { $0 == reals ? codes : $0 }
      }
      outputs = outputs.map { $0 == reals ? codes : $0 }
    }
    removeNodes(
      Set(nodes.indices.filter { nodes[$0].operation == .dequantize && !inTables.contains($0) }))
  }

  /// Nodes give codes where their reals are only rounded to them.
  private mutating func removeQuantizing() {
    let inTables = nodesInTables
    let (producers, consumers) = (producers(), consumers())
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() where !inTables.contains(index) {
      let reals = node.inputs[0]
      guard node.operation == .quantize, isFree(reals), consumers[reals].count == 1,
        !outputs.contains(reals), let producer = producers[reals]
      else { continue }
      nodes[producer].outputs = nodes[producer].outputs.map { $0 == reals ? node.outputs[0] : $0 }
      removed.insert(index)
    }
    removeNodes(removed)
  }
}
