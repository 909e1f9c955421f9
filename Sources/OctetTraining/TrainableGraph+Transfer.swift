import OctetModel

extension TrainableGraph {
  /// A network that starts as `graph` is, but for its last layer, which is made anew for
  /// `classCount` classes.
  ///
  /// - Parameters:
  ///   - frozen: nodes whose weights stay as they are; normalization among them keeps its
  ///     statistics.
  ///   - keepsLast: the last layer stays too, when it has as many outputs.
  /// - Throws: when a name is no node with weights, or the last layer cannot be replaced.
  public static func transfer(
    from graph: Graph, frozen: [String] = [], classCount: Int, keepsLast: Bool = false
  ) throws(TrainingError) -> TrainableGraph {
    var result = TrainableGraph(graph)
    let constants = graph.tensors.indices.filter { graph.tensors[$0].constant != nil }
    result.kept = Set(constants)
    try result.freeze(frozen)
    guard let last = graph.outputs.first,
      !keepsLast || graph.tensors[last].elementCount != classCount
    else { return result }
    try result.replaceLast(classCount: classCount)
    return result
  }

  /// The nodes that have weights.
  private var weighted: [Node] {
    graph.nodes.filter { node in
      node.inputs.dropFirst().contains {
        if case .float = graph.tensors[$0].constant { true } else { false }
      }
    }
  }

  private mutating func freeze(_ names: [String]) throws(TrainingError) {
    let nodes = weighted
    for name in names {
      guard let node = nodes.first(where: { $0.name == name }) else {
        throw .option(
          name: "freeze",
          reason: "no layer with weights is called '\(name)'; there is "
            + nodes.map(\.name).joined(separator: ", "))
      }
      for input in node.inputs.dropFirst() where graph.tensors[input].constant != nil {
        fixed.insert(input)
      }
    }
  }

  /// Gives the last layer with weights other ones, for so many outputs, which begin at random.
  mutating func replaceLast(classCount: Int) throws(TrainingError) {
    guard let index = graph.nodes.lastIndex(where: { $0.operation.weightChannelAxis != nil }),
      graph.nodes[index].operation.weightChannelAxis == 0
    else { throw .graph(node: graph.name, reason: "it has no last layer that can be replaced") }
    let node = graph.nodes[index]
    let old = graph.tensors[node.inputs[1]].shape[0]
    for (position, input) in node.inputs.enumerated().dropFirst() {
      graph.tensors[input].shape[0] = classCount
      let count = graph.tensors[input].elementCount
      graph.tensors[input].constant = .float([Float](repeating: 0, count: count))
      // A bias begins at 0, weights at random.
      if position == 1 { kept.remove(input) }
      fixed.remove(input)
    }
    for later in graph.nodes.indices[index...] {
      if case .reshape(var shape) = graph.nodes[later].operation, later > index {
        guard shape.last == old else {
          throw .graph(
            node: graph.nodes[later].name,
            reason: "what follows the last layer does not end in its \(old) outputs")
        }
        shape[shape.count - 1] = classCount
        graph.nodes[later].operation = .reshape(shape)
      }
      for output in graph.nodes[later].outputs {
        guard let last = graph.tensors[output].shape.last, last == old else {
          throw .graph(
            node: graph.nodes[later].name,
            reason: "what follows the last layer does not end in its \(old) outputs")
        }
        graph.tensors[output].shape[graph.tensors[output].shape.count - 1] = classCount
      }
    }
    graph.metadata.labels = []
    graph.metadata.training = nil
    do {
      try graph.validate()
    } catch {
      throw .graph(node: node.name, reason: "it cannot be replaced: \(error)")
    }
  }
}
