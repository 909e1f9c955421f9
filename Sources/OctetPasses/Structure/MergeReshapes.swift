import OctetModel

extension Graph {
  /// Makes a reshape of a reshape one reshape, and one that changes nothing none.
  ///
  /// Every output keeps its value and its bytes. A reshape stays that makes an output of the graph,
  /// or whose result has another grid than its operand.
  package mutating func mergeReshapes() {
    let producers = producers()
    var source: [TensorIndex: TensorIndex] = [:]
    let ends = Set(outputs)
    for index in nodes.indices {
      nodes[index].inputs = nodes[index].inputs.map { source[$0] ?? $0 }
      guard nodes[index].operation.isReshape else { continue }
      let output = nodes[index].outputs[0]
      if let before = producers[nodes[index].inputs[0]], nodes[before].operation.isReshape {
        nodes[index].inputs = nodes[before].inputs
      }
      let input = nodes[index].inputs[0]
      if tensors[input].shape == tensors[output].shape, !ends.contains(output),
        tensors[input].quantization == tensors[output].quantization, tensors[input].constant == nil
      {
        source[output] = input
      }
    }
    removeUnusedNodes(where: \.operation.isReshape)
  }
}
