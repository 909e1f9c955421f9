// An If whose condition is known while the model is read, as exporters leave behind where shapes
// decide, is the branch that it takes.

extension ONNXImporter {
  /// The nodes of the branch, and one more for each result.
  mutating func branch(_ view: ONNXNodeView) throws(ImportFailure) -> [ONNXNode] {
    guard let condition = try view.input(0).constant else {
      throw .unsupported(
        "its condition is computed while the model runs; export the model with fixed shapes, or "
          + "simplify it, so that one branch is left")
    }
    guard condition.count == 1, let flag = condition.integers?.first else {
      throw .invalid("its condition should be one truth value")
    }
    let name = flag != 0 ? "then_branch" : "else_branch"
    guard case .graph(let graph) = view.node.attributes[name] else {
      throw .unsupported("its \(name) is missing or nests too deep; simplify the model")
    }
    guard graph.inputs.isEmpty, graph.outputs.count == view.node.outputs.count else {
      throw .invalid("its \(name) has \(graph.outputs.count) results")
    }
    for tensor in graph.initializers where isKnown(tensor.name) {
      throw .invalid("its \(name) makes '\(tensor.name)', which has been made before")
    }
    var part = model
    part.graph = graph
    part = RareONNX.modernized(part)
    do {
      try addInitializers(part.graph)
    } catch {
      throw .invalid("\(error)")
    }
    var nodes = part.graph.nodes
    for (output, result) in zip(view.node.outputs, graph.outputs) where !output.isEmpty {
      nodes.append(
        ONNXNode(
          name: output, operatorName: "Identity", inputs: [result.name], outputs: [output]))
    }
    return nodes
  }
}

extension ONNXNode {
  /// All names that the node reads, those of the nodes in its branches and their results among
  /// them.
  var allReads: [String] {
    var result = inputs
    for case .graph(let graph) in attributes.values {
      for node in graph.nodes { result += node.allReads }
      result += graph.outputs.map(\.name)
    }
    return result
  }
}
