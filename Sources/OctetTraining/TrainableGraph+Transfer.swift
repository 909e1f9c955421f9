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
    result.keepConnections()
    try result.freeze(frozen)
    guard let last = graph.outputs.first,
      !keepsLast || graph.tensors[last].elementCount != classCount
    else { return result }
    try result.replaceLast(classCount: classCount)
    return result
  }

  /// Leaves unconnected what is not connected: maps between which a convolution has no weight but
  /// 0, as under the table of connections of `lenet5-1998`. Convolutions of which nothing is known
  /// yet, or of single pixels, are left as they are.
  public mutating func keepConnections() {
    for node in graph.nodes {
      guard case .convolution = node.operation, node.inputs.count > 1,
        case .float(let values)? = graph.tensors[node.inputs[1]].constant,
        graph.tensors[node.inputs[1]].shape.count == 4
      else { continue }
      let shape = graph.tensors[node.inputs[1]].shape
      let (area, inputs) = (shape[1] * shape[2], shape[3])
      guard area > 1 else { continue }
      var isJoined = [Bool](repeating: false, count: shape[0] * inputs)
      for (index, value) in values.enumerated() where value != 0 {
        isJoined[index / (area * inputs) * inputs + index % inputs] = true
      }
      guard isJoined.contains(true), isJoined.contains(false) else { continue }
      connections[node.inputs[1]] = values.indices.map {
        isJoined[$0 / (area * inputs) * inputs + $0 % inputs]
      }
    }
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
      connections[input] = nil
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
