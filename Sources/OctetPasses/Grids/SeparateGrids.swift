import OctetModel

extension Graph {
  /// Puts changes of scale around nodes that have one grid for all they read and make, in a graph
  /// that is quantized in part.
  ///
  /// What such a node makes of one quantized operand takes its grid; other grids stand apart, so
  /// that the missing ones can be chosen freely. Constants on a grid that is not the node's become
  /// real again. Values stay, but for being rounded once more where a change of scale is put.
  package mutating func separateGrids() {
    let inTables = nodesInTables
    var old: [Node] = []
    swap(&old, &nodes)
    for (index, var node) in old.enumerated() {
      let activations = node.inputs.filter { tensors[$0].constant == nil } + node.outputs
      let hasFree = activations.contains { isFree($0) }
      // Its operand may have got its grid from a node before.
      let followsOperand = node.operation.keepsGrid && node.inputs.count == 1
      guard !inTables.contains(index), hasFree || followsOperand else {
        nodes.append(node)
        continue
      }
      if followsOperand {
        for output in node.outputs where isFree(output) { take(output, gridOf: node.inputs[0]) }
      } else if node.operation.keepsGrid {
        separateInputs(&node)
      }
      nodes.append(node)
      let isPrescribed = arithmetic == .tensorFlowLite && node.operation.isSoftmax
      if node.operation.keepsGrid || isPrescribed {
        separateOutputs(ofNode: nodes.count - 1)
      }
    }
  }

  private mutating func take(_ tensor: TensorIndex, gridOf other: TensorIndex) {
    if tensors[other].quantization != nil { setGrid(tensor, like: other) }
  }

  /// Puts a change of scale before each quantized operand; constants become real again.
  private mutating func separateInputs(_ node: inout Node) {
    for (position, input) in node.inputs.enumerated() {
      if tensors[input].quantization == nil { continue }
      let name = "\(tensors[input].name)/shared/\(node.name)/\(position)"
      var copy = Tensor(name: name, shape: tensors[input].shape)
      if let values = tensors[input].reals {
        copy.constant = .float(values)
        node.inputs[position] = add(copy)
      } else {
        node.inputs[position] = add(copy)
        nodes.append(
          Node(
            name: name, operation: .quantize, inputs: [input], outputs: [node.inputs[position]]))
      }
    }
  }

  /// Puts a change of scale behind each quantized result that its operands need not fit.
  private mutating func separateOutputs(ofNode index: Int) {
    let node = nodes[index]
    for (position, output) in node.outputs.enumerated() {
      guard let grid = tensors[output].quantization else { continue }
      if node.operation.keepsGrid, tensors[node.inputs[0]].quantization == grid { continue }
      let name = "\(tensors[output].name)/shared"
      let copy = add(Tensor(name: name, shape: tensors[output].shape))
      if node.operation.keepsGrid, node.inputs.count == 1 { take(copy, gridOf: node.inputs[0]) }
      nodes[index].outputs[position] = copy
      nodes.append(
        Node(name: name, operation: .quantize, inputs: [copy], outputs: [output]))
    }
  }
}
