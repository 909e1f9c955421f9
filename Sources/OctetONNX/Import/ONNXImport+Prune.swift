import OctetModel
import OctetPasses

extension ONNXImport {
  /// The import less the nodes that no output needs: a valid graph, its tensors numbered in the
  /// order of use.
  func pruned() throws(ExchangeError) -> ONNXImport {
    var result = self
    result.graph.removeUnusedNodes()
    let names = graph.tensors.map(\.name)
    result.graph = result.graph.canonical()

    var indices: [String: TensorIndex] = [:]
    for (index, tensor) in result.graph.tensors.enumerated() { indices[tensor.name] = index }
    for position in inputs.indices {
      result.inputs[position].tensor = result.graph.inputs[position]
    }
    for position in outputs.indices {
      result.outputs[position].tensor = result.graph.outputs[position]
    }
    result.values = values.compactMapValues { port in
      guard let index = indices[names[port.tensor]] else { return nil }
      var moved = port
      moved.tensor = index
      return moved
    }
    do {
      try result.graph.validate()
    } catch {
      throw .invalidModel(place: "graph '\(graph.name)'", reason: "\(error)")
    }
    return result
  }
}
