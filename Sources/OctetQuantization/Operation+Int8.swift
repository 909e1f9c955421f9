import OctetModel

// What each operation asks of the scales around it.

extension Operation {
  /// Why the operation has no int8 form; nil when it has one.
  var int8Refusal: String? { traits.int8Refusal }

  /// Whether outputs have the scale and zero point of the inputs.
  var keepsScale: Bool { traits.grid == .kept }
}

extension Graph {
  /// Tensors that must have one scale, together; every activation is in exactly one group.
  func sharedScaleGroups() -> [[TensorIndex]] {
    var parent = Array(tensors.indices)
    func root(_ index: TensorIndex) -> TensorIndex {
      var index = index
      while parent[index] != index { index = parent[index] }
      return index
    }
    for node in nodes where node.operation.keepsScale {
      let first = root(node.outputs[0])
      for index in node.outputs + node.inputs { parent[root(index)] = first }
    }
    let groups = Dictionary(grouping: tensors.indices, by: root)
    return groups.keys.sorted().compactMap { groups[$0] }
  }

  /// Whether values come into being in this tensor rather than being passed on from another.
  func entersSharedGroup(_ index: TensorIndex) -> Bool {
    guard let producer = producers()[index] else { return true }
    return !nodes[producer].operation.keepsScale
  }
}
