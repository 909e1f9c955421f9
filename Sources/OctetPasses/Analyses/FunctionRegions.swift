import OctetModel

// Functions of one number that a float graph has as several nodes (x · logistic(x), GELU by its
// parts): they become one table of 256 results, with no rounding between.

/// Nodes that together are a function of one tensor, element by element.
package struct FunctionRegion: Sendable {
  /// What is read, and what is made of it: of one shape.
  package var source, result: TensorIndex
  /// Indices of the nodes, in execution order; two at least.
  package var nodes: [Int]
  /// What stands between; nobody else reads it.
  package var innerValues: [TensorIndex]
}

extension Graph {
  /// The largest regions, none within another.
  package func functionRegions() -> [FunctionRegion] {
    let (producers, consumers) = (producers(), consumers())
    var taken = nodesInTables
    var result: [FunctionRegion] = []
    for last in nodes.indices.reversed() where !taken.contains(last) {
      guard let region = functionRegion(endingAt: last, producers, consumers, taken) else {
        continue
      }
      taken.formUnion(region.nodes)
      result.append(region)
    }
    return result.reversed()
  }

  private static let functionNodeLimit = 256

  /// Walks back from a result, the value made last first, as long as nobody else reads what is
  /// passed; whenever all that is left to read is one tensor, that is a source.
  private func functionRegion(
    endingAt last: Int, _ producers: [Int?], _ consumers: [[Int]], _ taken: Set<Int>
  ) -> FunctionRegion? {
    let result = nodes[last].outputs[0]
    guard isFree(result), !tensors[result].shape.isEmpty, canBeTabulated(last, result) else {
      return nil
    }
    var found: FunctionRegion?
    var members: Set<Int> = [last]
    var inner: [TensorIndex] = []
    var waiting = Set(operands(last))
    while members.count <= Self.functionNodeLimit {
      if waiting.count == 1, let source = waiting.first, members.count > 1,
        tensors[source].shape == tensors[result].shape
      {
        found = FunctionRegion(
          source: source, result: result, nodes: members.sorted(), innerValues: inner)
      }
      guard let next = waiting.max(by: { (producers[$0] ?? -1) < (producers[$1] ?? -1) }),
        let producer = producers[next], !taken.contains(producer), isFree(next),
        !outputs.contains(next), consumers[next].allSatisfy({ members.contains($0) }),
        canBeTabulated(producer, result)
      else { break }
      waiting.remove(next)
      waiting.formUnion(operands(producer))
      members.insert(producer)
      inner.append(next)
    }
    return found
  }

  private func operands(_ node: Int) -> [TensorIndex] {
    nodes[node].inputs.filter { tensors[$0].constant == nil }
  }

  /// Whether the node works on each element of tensors of the result's shape by itself, with
  /// numbers at most.
  private func canBeTabulated(_ index: Int, _ result: TensorIndex) -> Bool {
    let node = nodes[index]
    guard node.operation.isElementwise, node.outputs.count == 1,
      tensors[node.outputs[0]].shape == tensors[result].shape, !operands(index).isEmpty
    else { return false }
    return (node.inputs + node.outputs).allSatisfy { tensor in
      guard tensors[tensor].elementType == .float32 || !isFree(tensor) else { return false }
      guard let values = tensors[tensor].floats else { return tensors[tensor].constant == nil }
      return values.count == 1 && values[0].isFinite
    }
  }
}
