import OctetModel

// Parts of a graph that are graphs themselves. Every value is the same there.

extension Graph {
  /// The nodes that compute `targets` from `sources`, as a graph of its own; nil when they need
  /// anything else.
  package func cut(from sources: [TensorIndex], to targets: [TensorIndex]) -> Graph? {
    let producers = producers()
    var needed: Set<Int> = []
    var pending = targets
    let known = Set(sources)
    while let tensor = pending.popLast() {
      if known.contains(tensor) || tensors[tensor].constant != nil { continue }
      guard let producer = producers[tensor] else { return nil }
      if needed.insert(producer).inserted { pending += nodes[producer].inputs }
    }
    var part = self
    part.inputs = sources
    part.outputs = targets
    part.nodes = nodes.indices.filter(needed.contains).map { nodes[$0] }
    return part.canonical()
  }

  /// Everything that depends on `tensor`, as a graph that computes the outputs from it and from
  /// `others`, the tensors made before it.
  package func tail(after tensor: TensorIndex) -> (graph: Graph, others: [TensorIndex])? {
    var reached: Set<TensorIndex> = [tensor]
    var others: [TensorIndex] = []
    var part = self
    part.nodes = nodes.filter { node in
      guard node.inputs.contains(where: reached.contains) else { return false }
      reached.formUnion(node.outputs)
      return true
    }
    for input in part.nodes.flatMap(\.inputs) + outputs
    where !reached.contains(input) && tensors[input].constant == nil && !others.contains(input) {
      others.append(input)
    }
    part.inputs = [tensor] + others
    return outputs.contains(where: reached.contains) ? (part.canonical(), others) : nil
  }
}
