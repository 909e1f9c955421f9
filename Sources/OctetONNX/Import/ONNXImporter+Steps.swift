import OctetModel

// What many operators are made of.

extension ONNXImporter {
  /// The operation that a node becomes, and its result in `layout`; of a node that only moves the
  /// elements of `movedFrom`, see `define`.
  mutating func emit(
    _ view: ONNXNodeView, _ operation: Operation, _ inputs: [TensorIndex], _ layout: ONNXLayout,
    movedFrom x: ImportedValue? = nil
  ) throws(ImportFailure) {
    let result = try emit(
      operation, name: view.name, inputs: inputs, output: view.node.outputs[0])
    define(view, result, layout, movedFrom: x)
  }

  /// Operations of one input keep its layout.
  mutating func unary(_ view: ONNXNodeView, _ operation: Operation) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    let result = try emit(
      operation, name: view.name, inputs: [try tensor(x, x.layout)],
      output: view.node.outputs[0])
    define(view, result, x.layout)
  }

  mutating func broadcasting(
    _ view: ONNXNodeView, _ operation: Operation, _ operands: [ImportedValue]
  ) throws(ImportFailure) {
    let result = try combine(
      operands, operation, name: view.name, output: view.node.outputs[0])
    define(view, result.tensor, result.layout)
  }

  /// Operands that are broadcast to one shape.
  mutating func combine(
    _ operands: [ImportedValue], _ operation: Operation, name: String, output: String
  ) throws(ImportFailure) -> (tensor: TensorIndex, layout: ONNXLayout) {
    for operand in operands { try requireOwnElements(operand) }
    let rank = operands.map(\.rank).max() ?? 0
    let layout = commonLayout(operands, rank: rank)
    var inputs: [TensorIndex] = []
    for operand in operands {
      if case .flattened = layout {
        let isRow = operand.shape.last ?? 1 != 1
        inputs.append(try tensor(operand, isRow ? layout : .plain))
      } else {
        inputs.append(try broadcastOperand(operand, rank: rank, layout))
      }
    }
    return (try emit(operation, name: name, inputs: inputs, output: output), layout)
  }

  /// The layout for a result of `rank` dimensions: that of an operand which has all of them, the
  /// channels last where one has.
  private func commonLayout(_ operands: [ImportedValue], rank: Int) -> ONNXLayout {
    let full = operands.filter { $0.constant == nil && $0.rank == rank }
    for value in full {
      switch value.layout {
      case .channelsLast, .line: return value.layout
      case .flattened:
        // All operands must have the same elements in a row, or one for all.
        let isShared = operands.allSatisfy { other in
          other.shape.last == value.shape.last
            ? other.constant != nil || other.layout == value.layout : other.shape.last ?? 1 == 1
        }
        if isShared { return value.layout }
      case .plain: continue
      }
    }
    return .plain
  }

  /// A constant as a value.
  func operand(_ name: String, _ constant: ONNXValue) -> ImportedValue {
    ImportedValue(
      name: name, shape: constant.shape, elementType: constant.elementType,
      source: .constant(constant), layout: .plain)
  }

  /// A tensor of the graph as a value.
  func heldValue(
    _ tensor: TensorIndex, _ layout: ONNXLayout, named name: String
  ) -> ImportedValue {
    ImportedValue(
      name: name, shape: layout.valueShape(graph.tensors[tensor].shape),
      elementType: ONNXElementType(graph.tensors[tensor].elementType), source: .tensor(tensor),
      layout: layout)
  }

  /// Gives a tensor the name of the value that it now holds.
  mutating func rename(_ tensor: TensorIndex, _ name: String) {
    graph.tensors[tensor].name = uniqueName(name)
  }

  /// A node between those that `view` becomes.
  mutating func step(
    _ view: ONNXNodeView, _ operation: Operation, _ inputs: [TensorIndex], _ suffix: String
  ) throws(ImportFailure) -> TensorIndex {
    let name = view.name + suffix
    return try emit(operation, name: name, inputs: inputs, output: name)
  }

  mutating func number(_ value: Float) throws(ImportFailure) -> TensorIndex {
    try constantTensor("\(value)", ONNXValue(shape: [], reals: [value]), tag: "number")
  }

  /// The value with other dimensions, of as many elements.
  mutating func reshaped(
    _ value: ImportedValue, _ shape: [Int]
  ) throws(ImportFailure) -> ImportedValue {
    if value.shape == shape { return value }
    var result = value
    result.shape = shape
    if let constant = value.constant {
      result.source = .constant(constant.reshaped(shape))
    } else {
      result.source = .tensor(try reshape(try tensor(value, .plain), shape))
    }
    result.layout = .plain
    return result
  }

  /// The layout in which axes can be addressed one by one.
  func addressable(_ value: ImportedValue) -> ONNXLayout {
    if case .flattened = value.layout { return .plain }
    return value.layout
  }

  /// A value for each axis of the tensor, from one for each axis of the value.
  func spread<Element>(
    _ values: [Element], _ layout: ONNXLayout, absent: Element
  ) -> [Element] {
    var result = layout.permutation(rank: values.count).map { values[$0] }
    if layout == .line { result.insert(absent, at: 1) }
    return result
  }
}
