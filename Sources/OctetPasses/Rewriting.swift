import OctetModel

// What passes are written with.

extension Graph {
  /// Takes nodes out, by their indices. Nothing may read what they make any more.
  package mutating func removeNodes(_ removed: Set<Int>) {
    if removed.isEmpty { return }
    nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
  }

  /// Puts what `form` makes of a node in its place; the node stays where that is nil.
  package mutating func replaceNodes(_ form: (inout Graph, Int, Node) -> [Node]?) {
    var old: [Node] = []
    swap(&old, &nodes)
    for (index, node) in old.enumerated() {
      let made = form(&self, index, node)
      nodes += made ?? [node]
    }
  }

  /// The same for nodes that have to be given grids: neither is everything that they read and make
  /// on one already, nor do they become tables.
  package mutating func replaceFreeNodes(_ form: (inout Graph, Node) -> [Node]?) {
    let inTables = nodesInTables
    replaceNodes { graph, index, node in
      let isFree = (node.inputs + node.outputs).contains { graph.isFree($0) }
      return isFree && !inTables.contains(index) ? form(&graph, node) : nil
    }
  }

  /// The same for any node, also in a graph with grids: tensors between the made nodes take the
  /// grid of the replaced node's first operand, and, behind a softmax, that of its result.
  package mutating func replaceNodesOnGrids(_ form: (inout Graph, Node) -> [Node]?) {
    replaceNodes { graph, _, node in
      guard let made = form(&graph, node) else { return nil }
      var source = node.inputs[0]
      for part in made {
        if part.operation.isSoftmax { source = node.outputs[0] }
        for output in part.outputs where graph.isFree(output) {
          graph.setGrid(output, like: source)
        }
      }
      return made
    }
  }

  /// Gives a tensor the element type and the grid of another.
  package mutating func setGrid(_ tensor: TensorIndex, like other: TensorIndex) {
    tensors[tensor].elementType = tensors[other].elementType
    tensors[tensor].quantization = tensors[other].quantization
  }

  /// A tensor of `shape` for a value between the nodes that take the place of `node`.
  package mutating func between(_ node: Node, _ name: String, _ shape: [Int]) -> TensorIndex {
    add(Tensor(name: "\(tensors[node.outputs[0]].name)/\(name)", shape: shape))
  }
}

/// The nodes that take the place of one, each with one result, in execution order.
package struct Replacement {
  private let node: Node
  private var nodes: [Node] = []

  /// Nothing yet in the place of `node`.
  package init(of node: Node) { self.node = node }

  /// Appends a node and returns its result, a tensor of `shape` in `graph`.
  ///
  /// - Parameter nodeName: what follows the replaced node's name; `name`, as in the tensor's, when
  ///   nil, and nothing when empty.
  package mutating func add(
    _ operation: Operation, _ inputs: [TensorIndex], _ name: String, _ shape: [Int],
    node nodeName: String? = nil, to graph: inout Graph
  ) -> TensorIndex {
    let result = graph.between(node, name, shape)
    append(operation, inputs, nodeName ?? name, [result])
    return result
  }

  /// All nodes and a last one, which makes what the replaced node made.
  package consuming func ended(
    _ operation: Operation, _ inputs: [TensorIndex], node nodeName: String = ""
  ) -> [Node] {
    append(operation, inputs, nodeName, node.outputs)
    return nodes
  }

  private mutating func append(
    _ operation: Operation, _ inputs: [TensorIndex], _ name: String, _ outputs: [TensorIndex]
  ) {
    nodes.append(
      Node(
        name: name.isEmpty ? node.name : "\(node.name)/\(name)", operation: operation,
        inputs: inputs, outputs: outputs))
  }
}

extension Operation {
  /// Whether rows become probabilities, or their logarithms, on a grid that the kernel prescribes.
  package var isSoftmax: Bool {
    if case .softmax = self { return true }
    if case .logSoftmax = self { return true }
    return false
  }

  /// Whether only the shape changes.
  package var isReshape: Bool { if case .reshape = self { true } else { false } }
}
