import OctetModel

extension Graph {
  /// The same graph with its tensors in the order of first use: inputs, then for each node what it
  /// reads and what it makes. Unused tensors are left out. Two graphs that differ only in the
  /// numbering of their tensors have equal canonical forms; every value and byte is the same.
  public func canonical() -> Graph {
    var newIndex = [TensorIndex?](repeating: nil, count: tensors.count)
    var order: [TensorIndex] = []
    func visit(_ index: TensorIndex) {
      guard newIndex[index] == nil else { return }
      newIndex[index] = order.count
      order.append(index)
    }
    inputs.forEach(visit)
    for node in nodes {
      node.inputs.forEach(visit)
      node.outputs.forEach(visit)
    }
    outputs.forEach(visit)

    var result = self
    result.tensors = order.map { tensors[$0] }
    result.inputs = inputs.compactMap { newIndex[$0] }
    result.outputs = outputs.compactMap { newIndex[$0] }
    for index in nodes.indices {
      result.nodes[index].inputs = nodes[index].inputs.compactMap { newIndex[$0] }
      result.nodes[index].outputs = nodes[index].outputs.compactMap { newIndex[$0] }
    }
    return result
  }
}
