import OctetEvaluation
import OctetModel
import OctetPasses
import OctetReport

extension Graph {
  /// The real range that the operation behind `tensor` clamps its result to.
  func activationBounds(of tensor: TensorIndex) -> (lower: Float, upper: Float) {
    let producers = producers()
    var current = tensor
    // As many steps as there are nodes, so that nothing loops.
    for _ in nodes.indices {
      guard let producer = producers[current] else { break }
      let node = nodes[producer]
      let own = node.operation.asActivation ?? node.operation.activation ?? .none
      // A mean, too, lies between the bounds of its values.
      var passesOn = node.operation.traits.movesElements
      if case .averagePool = node.operation { passesOn = true }
      guard own == .none, passesOn else { return own.bounds }
      current = node.inputs[0]
    }
    return Activation.none.bounds
  }

  /// The node with weights whose result `tensor` is, perhaps after pools and the like.
  func weightedNode(behind tensor: TensorIndex) -> Node? {
    let producers = producers()
    var current = tensor
    for _ in nodes.indices {
      guard let producer = producers[current] else { return nil }
      let node = nodes[producer]
      if node.operation.weightChannelAxis != nil { return node }
      guard node.operation.traits.movesElements || node.operation.asActivation != nil else {
        return nil
      }
      current = node.inputs[0]
    }
    return nil
  }
}
