import OctetModel

extension Graph {
  /// Takes away the outputs that int8 models do not have, integers and truth values, as far as
  /// nothing is lost: constants, which are the same for every input, and positions of extremes,
  /// in whose place the values come out.
  ///
  /// Returns a sentence about each. Other outputs of integers stay, for the quantizer to refuse.
  public mutating func dropIntegerOutputs() -> [String] {
    let producers = producers()
    var notes: [String] = []
    var kept: [TensorIndex] = []
    for output in outputs {
      let tensor = tensors[output]
      guard tensor.isInteger, let node = producers[output].map({ nodes[$0] }) else {
        kept.append(output)
        continue
      }
      let source = node.inputs[0]
      if case .identity = node.operation, tensors[source].constant != nil {
        notes.append(
          "output '\(tensor.name)' is left out: it is the same for every input, and a blob gives "
            + "int8 alone")
      } else if case .extremum(let attributes) = node.operation {
        notes.append(
          "output '\(tensor.name)', the position of the "
            + "\(attributes.isMinimum ? "least" : "greatest") along axis \(attributes.axis), is "
            + "left to the program: the blob gives the values, "
            + "'\(tensors[source].name)'")
        if !outputs.contains(source), !kept.contains(source) { kept.append(source) }
      } else {
        kept.append(output)
      }
    }
    if notes.isEmpty { return [] }
    outputs = kept
    removeUnusedNodes()
    return notes
  }

  /// Leaves out nodes that no output needs.
  private mutating func removeUnusedNodes() {
    var needed = Set(outputs)
    var used: [Node] = []
    for node in nodes.reversed() where node.outputs.contains(where: needed.contains) {
      needed.formUnion(node.inputs)
      used.append(node)
    }
    nodes = used.reversed()
    self = canonical()
  }
}
