import OctetModel

extension Graph {
  /// Makes a mean of a mean one mean over the axes of both.
  ///
  /// Only where the mean between has no grid, is no output and is read by nothing else: then no
  /// rounding stands between the two, and every output keeps its value (but for the order in which
  /// floats are added).
  package mutating func mergeMeans() {
    let (producers, consumers) = (producers(), consumers())
    var removed = Set<Int>()
    for index in nodes.indices {
      let inner = nodes[index].inputs[0]
      guard case .mean(let later, let keepsLater) = nodes[index].operation,
        tensors[inner].quantization == nil, consumers[inner].count == 1, !outputs.contains(inner),
        let producer = producers[inner],
        case .mean(let earlier, let keepsEarlier) = nodes[producer].operation,
        keepsLater == keepsEarlier
      else { continue }
      let source = nodes[producer].inputs[0]
      let left = tensors[source].shape.indices.filter { keepsEarlier || !earlier.contains($0) }
      let axes = Set(earlier).union(later.map { left[$0] })
      nodes[index].operation = .mean(axes: axes.sorted(), keepsDimensions: keepsLater)
      nodes[index].inputs = [source]
      removed.insert(producer)
    }
    removeNodes(removed)
  }
}
