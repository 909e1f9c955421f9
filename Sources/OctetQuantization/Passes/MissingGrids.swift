import OctetModel

// A model that is quantized in part: some tensors came with a grid, which stays, others are in
// floats and get one from calibration. Conversions between the two disappear, but for those around
// tables, whose inner values need no grid.

extension Graph {
  /// Whether values, or weights, have to be given a grid before the model runs in integers.
  public var lacksGrids: Bool {
    let inner = valuesInTables
    return nodes.contains { node in
      !node.operation.isConversion
        && (node.outputs.contains { isFree($0) && !inner.contains($0) }
          || node.operation.weightChannelAxis != nil
            && node.inputs.contains { tensors[$0].floats != nil })
    }
  }

  /// A tensor without a grid that is computed, or fed.
  func isFree(_ tensor: TensorIndex) -> Bool {
    tensors[tensor].quantization == nil && tensors[tensor].constant == nil
  }

  /// Nodes that become tables, which are left as they are.
  var nodesInTables: Set<Int> { Set(tableRegions().flatMap(\.nodes)) }

  /// Tensors that stay real: those between the codes of a table.
  var valuesInTables: Set<TensorIndex> {
    Set(
      tableRegions().flatMap { region in
        region.nodes.dropLast().flatMap { nodes[$0].outputs }
      })
  }

  /// The graph in which every value that is not yet on a grid can be given one by itself: without
  /// conversions between reals and codes, and with nodes that keep scales apart from grids that
  /// their other operands could not share.
  func withoutConversions() -> Graph {
    var graph = self
    graph.removeDequantizing()
    graph.removeQuantizing()
    graph = graph.simplified()
    graph.separateGrids()
    return graph.canonical()
  }

  /// Nodes read codes where they read the reals that these stand for.
  private mutating func removeDequantizing() {
    let inTables = nodesInTables
    for node in nodes {
      guard case .dequantize = node.operation else { continue }
      let (codes, reals) = (node.inputs[0], node.outputs[0])
      for index in nodes.indices where !inTables.contains(index) {
        nodes[index].inputs = nodes[index].inputs.map { $0 == reals ? codes : $0 }
      }
      outputs = outputs.map { $0 == reals ? codes : $0 }
    }
    nodes = nodes.indices.filter { index in
      if case .dequantize = nodes[index].operation { return inTables.contains(index) }
      return true
    }.map { nodes[$0] }
  }

  /// Nodes give codes where their reals are only rounded to them.
  private mutating func removeQuantizing() {
    let inTables = nodesInTables
    let (producers, consumers) = (producers(), consumers())
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() where !inTables.contains(index) {
      let reals = node.inputs[0]
      guard case .quantize = node.operation, isFree(reals), consumers[reals].count == 1,
        !outputs.contains(reals), let producer = producers[reals]
      else { continue }
      nodes[producer].outputs = nodes[producer].outputs.map { $0 == reals ? node.outputs[0] : $0 }
      removed.insert(index)
    }
    nodes = nodes.indices.filter { !removed.contains($0) }.map { nodes[$0] }
  }

  /// Operations that keep scales have one grid for all they read and make. What they make of one
  /// quantized operand takes its grid; other grids stand apart, with a change of scale between.
  private mutating func separateGrids() {
    let inTables = nodesInTables
    var old: [Node] = []
    swap(&old, &nodes)
    for (index, var node) in old.enumerated() {
      let activations = node.inputs.filter { tensors[$0].constant == nil } + node.outputs
      let hasFree = activations.contains { isFree($0) }
      // Its operand may have got its grid from a node before.
      let followsOperand = node.operation.keepsScale && node.inputs.count == 1
      guard !inTables.contains(index), hasFree || followsOperand else {
        nodes.append(node)
        continue
      }
      if followsOperand {
        for output in node.outputs where isFree(output) { take(output, gridOf: node.inputs[0]) }
      } else if node.operation.keepsScale {
        separateInputs(&node)
      }
      nodes.append(node)
      let isPrescribed = arithmetic == .tensorFlowLite && node.operation.prescribesItsGrid
      if node.operation.keepsScale || isPrescribed {
        separateOutputs(ofNode: nodes.count - 1)
      }
    }
  }

  private mutating func take(_ tensor: TensorIndex, gridOf other: TensorIndex) {
    guard let grid = own(other) else { return }
    tensors[tensor].elementType = tensors[other].elementType
    tensors[tensor].quantization = grid
  }

  private func own(_ tensor: TensorIndex) -> Quantization? { tensors[tensor].quantization }

  /// Puts a change of scale before each quantized operand; constants become real again.
  private mutating func separateInputs(_ node: inout Node) {
    for (position, input) in node.inputs.enumerated() {
      guard let grid = own(input) else { continue }
      let name = "\(tensors[input].name)/shared/\(node.name)/\(position)"
      var copy = Tensor(name: name, shape: tensors[input].shape)
      if case .int8(let codes) = tensors[input].constant {
        copy.constant = .float(
          codes.map { Float(Int32($0) - grid.zeroPoints[0]) * grid.scales[0] })
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
      guard let grid = own(output) else { continue }
      if node.operation.keepsScale, own(node.inputs[0]) == grid { continue }
      let name = "\(tensors[output].name)/shared"
      let copy = add(Tensor(name: name, shape: tensors[output].shape))
      if node.operation.keepsScale, node.inputs.count == 1 { take(copy, gridOf: node.inputs[0]) }
      nodes[index].outputs[position] = copy
      nodes.append(
        Node(name: name, operation: .quantize, inputs: [copy], outputs: [output]))
    }
  }
}

extension Operation {
  /// Whether the kernel has one grid for its result and no other.
  fileprivate var prescribesItsGrid: Bool {
    if case .softmax = self { return true }
    if case .logSoftmax = self { return true }
    return false
  }
}
