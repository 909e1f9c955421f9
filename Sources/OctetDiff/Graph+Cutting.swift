import OctetEvaluation
import OctetModel
import OctetPasses
import OctetReport

extension Graph {
  /// The nodes that compute `targets` from `sources`, as a graph of its own; nil when they need
  /// anything else.
  func cut(from sources: [TensorIndex], to targets: [TensorIndex]) -> Graph? {
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
  func tail(after tensor: TensorIndex) -> (graph: Graph, others: [TensorIndex])? {
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

  /// The same graph in real numbers: constants become the values that they stand for, and no
  /// tensor has a grid.
  func real() -> Graph {
    var graph = self
    for index in tensors.indices {
      graph.tensors[index].quantization = nil
      if let values = realValues(of: index) {
        graph.tensors[index].constant = .float(values)
        graph.tensors[index].elementType = .float32
      } else if tensors[index].elementType == .int8 {
        graph.tensors[index].elementType = .float32
      }
    }
    return graph
  }

  /// The real values of a float or quantized constant; nil for others.
  func realValues(of index: TensorIndex) -> [Float]? {
    let tensor = tensors[index]
    let codes: [Float]
    switch tensor.constant {
    case .float(let values): return values
    case .int8(let values): codes = values.map { Float($0) }
    case .int32(let values) where tensor.quantization != nil: codes = values.map { Float($0) }
    default: return nil
    }
    guard let quantization = tensor.quantization else { return nil }
    let inner = quantization.axis.map { tensor.shape[($0 + 1)...].reduce(1, *) } ?? 1
    return codes.enumerated().map { position, code in
      let channel =
        quantization.axis == nil ? 0 : position / inner % quantization.scales.count
      return (code - Float(quantization.zeroPoints[channel])) * quantization.scales[channel]
    }
  }

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
