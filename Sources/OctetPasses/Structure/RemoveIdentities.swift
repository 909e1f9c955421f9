import OctetModel

extension Graph {
  /// Removes `identity` nodes: who read their results reads their operands.
  ///
  /// Every output keeps its value and its bytes; one that an identity made is then the tensor that
  /// the identity read, with that tensor's name. An identity stays that leads straight from a graph
  /// input, or from a constant to an output, or whose operand has another grid.
  package mutating func removeIdentities() {
    let (starts, ends) = (Set(inputs), Set(outputs))
    var source: [TensorIndex: TensorIndex] = [:]
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() where node.operation == .identity {
      let (input, output) = (source[node.inputs[0]] ?? node.inputs[0], node.outputs[0])
      if !starts.contains(node.inputs[0]),
        tensors[input].constant == nil || !ends.contains(output),
        tensors[input].quantization == tensors[output].quantization
      {
        source[output] = input
        removed.insert(index)
      }
    }
    removeNodes(removed)
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { source[$0] ?? $0 }
    }
    outputs = outputs.map { source[$0] ?? $0 }
  }
}
