import OctetModel

// Tensors of a blob have four dimensions at most. What an operation does not tell apart may be one
// dimension: neighbours that are both kept, both reduced or both broadcast, and dimensions of 1.
// So windows of images and heads of attention, of five and six dimensions, run in four.

extension Graph {
  /// Writes operations on more than four dimensions as the same on fewer, between reshapes; one
  /// that tells more than four apart stays as it is.
  ///
  /// Every output keeps its value and its bytes.
  package mutating func lowerRanks() {
    let wide = Set(
      tensors.indices.filter { tensors[$0].constant == nil && tensors[$0].shape.count > 4 })
    if wide.isEmpty { return }
    replaceNodes { graph, _, node in
      let isTouched = (node.inputs + node.outputs).contains(where: wide.contains)
      return isTouched ? graph.fewerDimensions(node) : nil
    }
    mergeReshapes()
  }

  private mutating func fewerDimensions(_ node: Node) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    switch node.operation {
    case .transpose(let permutation): return transposition(node, permutation)
    case .softmax(let axis, let beta):
      let groups = AxisGroups(shape) { $0 == axis ? 1 : 0 }
      return regrouped(node, groups, .softmax(axis: groups.group(of: axis), beta: beta))
    case .logSoftmax(let axis):
      let groups = AxisGroups(shape) { $0 == axis ? 1 : 0 }
      return regrouped(node, groups, .logSoftmax(axis: groups.group(of: axis)))
    case .slice(let begin, let count, let stride):
      let groups = AxisGroups(shape) { count[$0] == shape[$0] && stride[$0] == 1 ? 0 : $0 + 1 }
      return regrouped(
        node, groups,
        .slice(
          begin: groups.pick(begin, 0), count: groups.sizes(count), stride: groups.pick(stride, 1)))
    case .split(let axis, let counts):
      let groups = AxisGroups(shape) { $0 == axis ? 1 : 0 }
      return regrouped(node, groups, .split(axis: groups.group(of: axis), counts: counts))
    case .concatenation(let axis, let activation):
      let groups = AxisGroups(tensors[node.outputs[0]].shape) { $0 == axis ? 1 : 0 }
      return regrouped(
        node, groups, .concatenation(axis: groups.group(of: axis), activation: activation))
    case .pad(let before, let after, let mode):
      let groups = AxisGroups(shape) { before[$0] == 0 && after[$0] == 0 ? 0 : $0 + 1 }
      return regrouped(
        node, groups,
        .pad(before: groups.pick(before, 0), after: groups.pick(after, 0), mode: mode))
    case .mean(let axes, _):
      let groups = AxisGroups(shape) { axes.contains($0) && shape[$0] != 1 ? 1 : 0 }
      let reduced = Set(axes.filter { shape[$0] != 1 }.map { groups.group(of: $0) })
      return regrouped(
        node, groups, .mean(axes: reduced.sorted(), keepsDimensions: true), isReduced: reduced)
    case .matrixMultiply: return product(node)
    case .fullyConnected(var attributes):
      attributes.keepsLeadingDimensions = false
      guard let depth = shape.last, let width = tensors[node.outputs[0]].shape.last else {
        return nil
      }
      let rows = shape.dropLast().elementCount
      return viewed(
        node, .fullyConnected(attributes), [[rows, depth]], [[rows, width]])
    case .quantize, .add, .subtract, .multiply, .divide, .minimum, .maximum, .squaredDifference,
      .power, .prelu, .scalar, .identity, .batchNormalization:
      return elementwise(node)
    case .convolution, .depthwiseConvolution, .transposedConvolution, .maxPool, .averagePool,
      .maxPoolIndices, .compare, .logic, .select, .cast, .l2Normalization,
      .localResponseNormalization, .reduce,
      .extremum, .reshape, .expand, .tile, .gather, .resize, .dequantize:
      return nil
    }
  }

  private mutating func elementwise(_ node: Node) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    if node.inputs.count == 2 { return broadcast(node) }
    guard node.inputs.count == 1 else { return nil }
    let flat = [shape.dropLast().elementCount, shape.last ?? 1]
    return viewed(node, node.operation, [flat], [flat])
  }

  // MARK: Forms

  /// The node on merged dimensions.
  private mutating func regrouped(
    _ node: Node, _ groups: AxisGroups, _ operation: Operation, isReduced: Set<Int> = []
  ) -> [Node]? {
    guard groups.count <= 4 else { return nil }
    let outputs = node.outputs.map { output -> [Int] in
      if case .mean = operation {
        return groups.shape.enumerated().map { isReduced.contains($0) ? 1 : $1 }
      }
      return groups.sizes(tensors[output].shape)
    }
    return viewed(node, operation, node.inputs.map { groups.sizes(tensors[$0].shape) }, outputs)
  }

  /// Two operands that are broadcast to one shape.
  private mutating func broadcast(_ node: Node) -> [Node]? {
    let shape = tensors[node.outputs[0]].shape
    let operands = node.inputs.map { input in
      [Int](repeating: 1, count: shape.count - tensors[input].shape.count) + tensors[input].shape
    }
    let groups = AxisGroups(shape) { axis in
      shape[axis] == 1 ? 0 : (operands[0][axis] == 1 ? 2 : 0) + (operands[1][axis] == 1 ? 1 : 0)
    }
    guard groups.count <= 4 else { return nil }
    return viewed(node, node.operation, operands.map { groups.sizes($0) }, [groups.shape])
  }

  /// A product whose leading dimensions are merged where both operands have them, or one has not.
  private mutating func product(_ node: Node) -> [Node]? {
    let shape = tensors[node.outputs[0]].shape
    let rank = shape.count - 2
    let operands = node.inputs.map { input in
      let own = tensors[input].shape
      return [Int](repeating: 1, count: max(shape.count - own.count, 0)) + own
    }
    guard operands.allSatisfy({ $0.count == shape.count }) else { return nil }
    let groups = AxisGroups(Array(shape[..<rank])) { axis in
      shape[axis] == 1 ? 0 : (operands[0][axis] == 1 ? 2 : 0) + (operands[1][axis] == 1 ? 1 : 0)
    }
    guard groups.count <= 2 else { return nil }
    return viewed(
      node, node.operation, operands.map { groups.sizes(Array($0[..<rank])) + $0[rank...] },
      [groups.shape + shape[rank...]])
  }

  /// Blocks of axes that stay together are one; more than four are moved one after the other.
  private mutating func transposition(_ node: Node, _ permutation: [Int]) -> [Node]? {
    let shape = tensors[node.inputs[0]].shape
    let kept = shape.indices.filter { shape[$0] != 1 }
    // Blocks in the result's order, each by its axes.
    var blocks: [[Int]] = []
    for axis in permutation where shape[axis] != 1 {
      let position = kept.firstIndex(of: axis) ?? 0
      if position > 0, let last = blocks.last?.last, last == kept[position - 1] {
        blocks[blocks.count - 1].append(axis)
      } else {
        blocks.append([axis])
      }
    }
    var order = blocks.sorted { $0[0] < $1[0] }
    let size = { (block: [Int]) in block.map { shape[$0] }.elementCount }
    if order.count <= 4 {
      let moves = blocks.compactMap { order.firstIndex(of: $0) }
      return viewed(
        node, .transpose(moves), [order.map(size)], [blocks.map(size)])
    }
    var result = Replacement(of: node)
    var source = node.inputs[0]
    for (place, block) in blocks.enumerated() {
      guard let index = order.firstIndex(of: block), index != place else { continue }
      let before = order[..<place].map(size).elementCount
      let passed = order[place..<index].map(size).elementCount
      let after = order[(index + 1)...].map(size).elementCount
      let view = [before, passed, size(block), after]
      let moved = [before, size(block), passed, after]
      let viewed = result.add(.reshape(view), [source], "view\(place)", view, to: &self)
      source = result.add(
        .transpose([0, 2, 1, 3]), [viewed], "moved\(place)", moved, to: &self)
      for tensor in [viewed, source] { setGrid(tensor, like: node.outputs[0]) }
      order.remove(at: index)
      order.insert(block, at: place)
    }
    return result.ended(.reshape(tensors[node.outputs[0]].shape), [source])
  }

  /// The operation on views of its operands, and its results viewed as they were.
  private mutating func viewed(
    _ node: Node, _ operation: Operation, _ inputs: [[Int]], _ outputs: [[Int]]
  ) -> [Node] {
    var result: [Node] = []
    var inner = node
    inner.operation = operation
    for (position, shape) in inputs.enumerated()
    where tensors[node.inputs[position]].shape != shape {
      let source = node.inputs[position]
      var view = tensors[source]
      view.shape = shape
      view.name += "/\(node.name)/view\(position)"
      inner.inputs[position] = add(view)
      if view.constant == nil {
        result.append(
          Node(
            name: "\(node.name)/view\(position)", operation: .reshape(shape), inputs: [source],
            outputs: [inner.inputs[position]]))
      }
    }
    var after: [Node] = []
    for (position, shape) in outputs.enumerated()
    where tensors[node.outputs[position]].shape != shape {
      let target = node.outputs[position]
      var view = tensors[target]
      view.shape = shape
      view.name += "/\(node.name)/result\(position)"
      inner.outputs[position] = add(view)
      after.append(
        Node(
          name: "\(node.name)/result\(position)", operation: .reshape(tensors[target].shape),
          inputs: [inner.outputs[position]], outputs: [target]))
    }
    return result + [inner] + after
  }
}

/// Neighbouring axes that count as one.
private struct AxisGroups {
  private var groups: [[Int]] = []
  private let whole: [Int]

  /// Neighbours with equal keys are one group; an axis of 1 with the key 0 goes with any.
  init(_ shape: [Int], key: (Int) -> Int) {
    whole = shape
    var current: Int?
    for axis in shape.indices {
      let own = shape[axis] == 1 && key(axis) == 0 ? nil : key(axis)
      if groups.isEmpty || (own != nil && current != nil && own != current) {
        groups.append([axis])
        current = own
      } else {
        groups[groups.count - 1].append(axis)
        if current == nil { current = own }
      }
    }
  }

  var count: Int { groups.count }
  var shape: [Int] { sizes(whole) }

  func group(of axis: Int) -> Int { groups.firstIndex { $0.contains(axis) } ?? 0 }

  func sizes(_ shape: [Int]) -> [Int] {
    groups.map { group in group.map { shape[$0] }.elementCount }
  }

  /// For each group the value that is not the ordinary one, which stands where there is none.
  func pick(_ values: [Int], _ ordinary: Int) -> [Int] {
    groups.map { group in group.map { values[$0] }.first { $0 != ordinary } ?? ordinary }
  }
}
