import OctetModel

extension Graph {
  /// Puts softmax and log softmax over another axis than the last between transpositions: kernels
  /// have rows along the last axis only.
  ///
  /// Every output keeps its value and its bytes.
  package mutating func moveSoftmaxToLastAxis() {
    replaceNodesOnGrids { graph, node in
      let (x, shape) = (node.inputs[0], graph.tensors[node.inputs[0]].shape)
      let last = shape.count - 1
      let (axis, operation): (Int, Operation)
      if case .softmax(let own, let beta) = node.operation {
        (axis, operation) = (own, .softmax(axis: last, beta: beta))
      } else if case .logSoftmax(let own) = node.operation {
        (axis, operation) = (own, .logSoftmax(axis: last))
      } else {
        return nil
      }
      if axis == last { return nil }
      // Its own inverse.
      var exchange = Array(shape.indices)
      exchange.swapAt(axis, last)
      let exchanged = exchange.map { shape[$0] }
      var result = Replacement(of: node)
      let rows = result.add(.transpose(exchange), [x], "rows", exchanged, to: &graph)
      let results = result.add(operation, [rows], "results", exchanged, node: "", to: &graph)
      return result.ended(.transpose(exchange), [results], node: "back")
    }
  }
}
