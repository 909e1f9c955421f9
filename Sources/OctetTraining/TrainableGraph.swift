import OctetModel

/// A graph with what only its training knows. Tensors are named by their index.
public struct TrainableGraph: Sendable {
  /// The network as it is used, whose constants are trained.
  public var graph: Graph
  /// Constants that stay as they are.
  public var fixed: Set<TensorIndex> = []
  /// Constants that begin with the graph's values, whatever the rest begins with.
  public var kept: Set<TensorIndex> = []
  /// For weights of layers that connect only some inputs with some outputs: whether each weight,
  /// in the order of the constant, exists. The others are 0 and stay so.
  public var connections: [TensorIndex: [Bool]] = [:]
  /// For each tensor the share of its values, 0 ..< 1, that every training step replaces by 0
  /// at random; the others are divided by the share that is left.
  public var dropout: [TensorIndex: Float] = [:]
  /// The int8 model whose weights `graph` has as real numbers; nil where the network is one of
  /// floats.
  var codes: CodedGraph?

  /// A graph whose constants are all trained.
  public init(_ graph: Graph) { self.graph = graph }

  /// The weights, biases, scales and slopes that training changes.
  public var trainedCount: Int {
    let used = Set(
      graph.nodes.flatMap { node in
        // Running statistics are counted, not trained.
        if case .batchNormalization = node.operation { return node.inputs.prefix(3) }
        return node.inputs[...]
      })
    return used.subtracting(fixed).reduce(0) { sum, index in
      guard case .float(let values) = graph.tensors[index].constant else { return sum }
      return sum + (connections[index]?.count(where: { $0 }) ?? values.count)
    }
  }
}
