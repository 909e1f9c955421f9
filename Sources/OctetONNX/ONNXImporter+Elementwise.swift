import OctetModel

extension ONNXImporter {
  /// Operations of one input keep its layout.
  mutating func unary(_ view: ONNXNodeView, _ operation: Operation) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    let result = try emit(
      operation, name: view.name, inputs: [try tensor(x, x.layout)],
      output: view.node.outputs[0])
    define(view, result, x.layout)
  }

  mutating func not(_ view: ONNXNodeView) throws(ImportFailure) {
    let no = ONNXValue(shape: [], integers: [0], elementType: .bool)
    let operand = ImportedValue(
      name: view.name + "/false", shape: [], elementType: .bool, source: .constant(no),
      layout: .plain)
    try broadcasting(view, .compare(.equal), [try view.input(0), operand])
  }

  /// Integers, and reals whose bounds are computed, are clipped by the greater and the smaller of
  /// two tensors; other reals by attributes of the operation.
  mutating func clip(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let isKnown = [1, 2].allSatisfy {
      view.version < 11 || view.optionalInput($0).map { $0.constant != nil } ?? true
    }
    if x.elementType.isReal && isKnown { return try unary(view, try Self.clip(view)) }
    guard view.version >= 11 else {
      throw .invalid("operator set \(view.version) clips reals only")
    }
    if isKnown, try clipCodes(view, x) { return }
    var value = x
    for (index, operation) in [(1, Operation.maximum), (2, .minimum)] {
      guard var bound = view.optionalInput(index) else { continue }
      guard bound.shape.elementCount == 1 else { throw .invalid("a bound should be one number") }
      if let constant = bound.constant {
        bound.source = .constant(constant.reshaped([]))
        bound.shape = []
      }
      let name = view.name + (index == 1 ? "/min" : "/max")
      let result = try combine([value, bound], operation, name: name, output: name)
      value = heldValue(result.tensor, result.layout, named: name)
    }
    guard case .tensor(let tensor) = value.source, value.name != x.name else {
      return try alias(view)
    }
    rename(tensor, view.node.outputs[0])
    define(view, tensor, value.layout)
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

  /// The bounds are attributes before operator set 11, inputs since.
  static func clip(_ view: ONNXNodeView) throws(ImportFailure) -> Operation {
    var bounds: [Float] = []
    for (index, name) in ["min", "max"].enumerated() {
      let standard = index == 0 ? -Float.infinity : .infinity
      if view.version < 11 {
        bounds.append(try view.float(name, standard))
      } else {
        let values = try view.realsInput(index + 1) ?? [standard]
        guard values.count == 1 else { throw .invalid("\(name) should be one number") }
        bounds.append(values[0])
      }
    }
    if bounds == [0, .infinity] { return .scalar(.relu) }
    if bounds == [0, 6] { return .scalar(.relu6) }
    return .scalar(.clip(lower: bounds[0], upper: bounds[1]))
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

  mutating func binary(
    _ view: ONNXNodeView, _ operation: Operation
  ) throws(ImportFailure) {
    try broadcasting(view, operation, try binaryOperands(view))
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

  /// Operations of any number of inputs, two at a time.
  mutating func chain(_ view: ONNXNodeView, _ operation: Operation) throws(ImportFailure) {
    var sum = try view.input(0)
    if view.inputs.count == 1 { return try alias(view) }
    for index in 1..<view.inputs.count {
      let isLast = index == view.inputs.count - 1
      let suffix = isLast ? "" : "/\(index)"
      let name = view.node.outputs[0] + suffix
      let result = try combine(
        [sum, try view.input(index)], operation, name: view.name + suffix, output: name)
      sum = heldValue(result.tensor, result.layout, named: name)
      if isLast { define(view, result.tensor, result.layout) }
    }
  }

  /// An addition of one constant for each output channel becomes the bias of the convolution or
  /// fully connected before it.
  mutating func add(_ view: ONNXNodeView) throws(ImportFailure) {
    let operands = try binaryOperands(view)
    for (x, other) in [(operands[0], operands[1]), (operands[1], operands[0])] {
      if let bias = other.constant, try fold(bias, other.name, into: x, view) { return }
    }
    try binary(view, .add(.none))
  }

  private mutating func fold(
    _ bias: ONNXValue, _ name: String, into x: ImportedValue, _ view: ONNXNodeView
  ) throws(ImportFailure) -> Bool {
    guard case .tensor(let tensor) = x.source, isReadOnce(x, tensor), bias.elementType.isReal,
      graph.tensors[tensor].quantization == nil, let index = producer(of: tensor),
      graph.nodes[index].inputs.count == 2, bias.shape.count <= x.rank
    else { return false }
    guard graph.nodes[index].operation.weightChannelAxis != nil else { return false }
    var channelAxis = 1
    if case .fullyConnected = graph.nodes[index].operation { channelAxis = x.rank - 1 }
    let channels = x.shape[channelAxis]
    let shape = [Int](repeating: 1, count: x.rank - bias.shape.count) + bias.shape
    for axis in shape.indices where shape[axis] != (axis == channelAxis ? channels : 1) {
      return false
    }
    let vector = try constantTensor(name, bias.reshaped([channels]), tag: "bias")
    graph.nodes[index].inputs.append(vector)
    rename(tensor, view.node.outputs[0])
    release(x, tensor)
    define(view, tensor, x.layout)
    return true
  }

  /// Gives a tensor the name of the value that it now holds.
  mutating func rename(_ tensor: TensorIndex, _ name: String) {
    graph.tensors[tensor].name = uniqueName(name)
  }

  /// Before operator set 13 all axes from `axis` on count as one.
  mutating func softmax(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let isOld = view.version < 13
    let axis = try view.axis(try view.integer("axis", isOld ? 1 : -1), rank: x.rank)
    func operation(_ axis: Int) -> Operation {
      view.operatorName == "Softmax" ? .softmax(axis: axis, beta: 1) : .logSoftmax(axis: axis)
    }
    let isOneAxis = !isOld || x.shape[(axis + 1)...].allSatisfy { $0 == 1 }
    var layout = x.layout
    if isOneAxis {
      let result = try emit(
        operation(layout.tensorAxis(axis, rank: x.rank)), name: view.name,
        inputs: [try tensor(x, layout)], output: view.node.outputs[0])
      return define(view, result, layout)
    }
    // Within one row the order does not matter; rows of a batch are the same in all layouts.
    if axis > 1 { layout = .plain }
    let source = try tensor(x, layout)
    let rows = x.shape[..<axis].reduce(1, *)
    let flat = try reshape(source, [rows, x.shape[axis...].reduce(1, *)])
    let soft = try emit(
      operation(1), name: view.name, inputs: [flat], output: view.name + "/rows")
    let result = try emit(
      .reshape(graph.tensors[source].shape), name: view.name + "/reshape", inputs: [soft],
      output: view.node.outputs[0])
    define(view, result, layout)
  }

  mutating func batchNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let isSpatial = try view.integer("spatial", 1) != 0
    if view.version < 9 && !isSpatial {
      throw .unsupported("it normalizes each position by itself (spatial = 0)")
    }
    if try view.isOldTraining {
      throw .unsupported("it is in training mode (is_test = 0); export the model for inference")
    }
    let isTraining = try view.integer("training_mode") != 0 && view.version >= 14
    if view.version >= 14 && !isTraining {
      try view.requireOutputs(1, "running statistics are for training; export for inference")
    }
    guard x.rank >= 2 else { throw .invalid("x needs at least two dimensions") }
    if isTraining {
      return try batchNormalizationInTraining(view, x)
    }
    let layout: ONNXLayout = x.rank == 2 ? .plain : .spatial(rank: x.rank)
    var operands = [try tensor(x, layout)]
    for index in 1...4 { operands.append(try tensor(try view.input(index), .plain)) }
    let result = try emit(
      .batchNormalization(epsilon: try view.float("epsilon", 1e-5)), name: view.name,
      inputs: operands, output: view.node.outputs[0])
    define(view, result, layout)
  }

  mutating func localResponseNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let layout: ONNXLayout = x.rank < 3 ? .plain : .spatial(rank: x.rank)
    let result = try emit(
      .localResponseNormalization(
        size: try view.integer("size"), alpha: try view.float("alpha", 1e-4),
        beta: try view.float("beta", 0.75), bias: try view.float("bias", 1)),
      name: view.name, inputs: [try tensor(x, layout)], output: view.node.outputs[0])
    define(view, result, layout)
  }

  /// The axes became an input in operator set 18, of ReduceSum in 13.
  mutating func reduce(
    _ view: ONNXNodeView, _ operation: ([Int], Bool) -> Operation
  ) throws(ImportFailure) {
    let x = try view.input(0)
    let isInput = view.version >= (view.operatorName == "ReduceSum" ? 13 : 18)
    let given = try isInput ? view.integersInput(1)?.map(\.ordinary) : view.integers("axes")
    var axes = try view.axes(given ?? [], rank: x.rank).sorted()
    if axes.isEmpty {
      if try view.integer("noop_with_empty_axes") != 0 {
        // Nothing is summed; what is done to each element stays.
        return try reduce(view, x, axes: [], keeps: true, operation([], true))
      }
      axes = Array(0..<x.rank)
    }
    let keeps = try view.integer("keepdims", 1) != 0
    let layout = reductionLayout(x, axes: axes, keeps: keeps)
    let tensorAxes = axes.map { layout.tensorAxis($0, rank: x.rank) }.sorted()
    try reduce(view, x, axes: axes, keeps: keeps, operation(tensorAxes, keeps))
  }

  /// ArgMax and ArgMin.
  mutating func extremum(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let axis = try view.axis(try view.integer("axis"), rank: x.rank)
    let keeps = try view.integer("keepdims", 1) != 0
    let layout = reductionLayout(x, axes: [axis], keeps: keeps)
    let attributes = ExtremumAttributes(
      axis: layout.tensorAxis(axis, rank: x.rank), keepsDimensions: keeps,
      isMinimum: view.operatorName == "ArgMin",
      takesLast: try view.integer("select_last_index") != 0)
    try reduce(view, x, axes: [axis], keeps: keeps, .extremum(attributes))
  }

  private mutating func reduce(
    _ view: ONNXNodeView, _ x: ImportedValue, axes: [Int], keeps: Bool, _ operation: Operation
  ) throws(ImportFailure) {
    try requireOwnElements(x)
    let layout = reductionLayout(x, axes: axes, keeps: keeps)
    let result = try emit(
      operation, name: view.name, inputs: [try tensor(x, layout)], output: view.node.outputs[0])
    define(view, result, keeps ? layout : .plain)
  }

  /// A layout in which what is left stands in ONNX's order.
  private func reductionLayout(
    _ x: ImportedValue, axes: [Int], keeps: Bool
  ) -> ONNXLayout {
    let layout = addressable(x)
    if keeps { return layout }
    let left = layout.permutation(rank: x.rank).filter { !axes.contains($0) }
    return left != left.sorted() || layout == .line ? .plain : layout
  }

  /// The output is the input.
  mutating func alias(_ view: ONNXNodeView) throws(ImportFailure) {
    let value = try view.input(0)
    if view.operatorName == "Dropout" {
      if try view.isOldTraining, try view.float("ratio", 0.5) != 0 {
        throw .unsupported(
          "it is in training mode (is_test = 0) and drops elements at random; export the model "
            + "for inference")
      }
      if let training = view.optionalInput(2), training.constant?.integers != [0] {
        guard training.constant != nil, view.optionalInput(1).map({ $0.constant != nil }) ?? true
        else { throw .unsupported("its ratio and mode are computed; make them constants") }
        let ratio = try view.realsInput(1)?.first ?? 0.5
        // With a ratio of 0 training drops nothing either.
        if ratio != 0 { return try dropoutInTraining(view, value, ratio: ratio) }
      }
      if view.node.outputs.count > 1, !view.node.outputs[1].isEmpty {
        // Without training nothing is dropped.
        let count = value.shape.reduce(1, *)
        try spend(count)
        define(
          ONNXValue(
            shape: value.shape, integers: [Int64](repeating: 1, count: count), elementType: .bool),
          named: view.node.outputs[1])
      }
    }
    hold(value, as: view.node.outputs[0])
  }

  /// Cast, and CastLike, which takes the element type of its second input.
  mutating func cast(_ view: ONNXNodeView) throws(ImportFailure) {
    let isLike = view.operatorName == "CastLike"
    let target = isLike ? try view.input(1).elementType : try view.castTarget()
    var x = try view.input(0)
    let isWide = { (type: ONNXElementType) in type == .float || type == .double }
    if target == x.elementType || isWide(target) && isWide(x.elementType) {
      // Doubles are computed as floats.
      x.elementType = target
      return hold(x, as: view.node.outputs[0])
    }
    try requireOwnElements(x)
    var attributes = CastAttributes(target.elementType)
    attributes.saturates = try view.integer("saturate", 1) != 0
    attributes.powerRounding = try view.powerRounding()
    try unary(view, .cast(attributes))
  }

  /// Shapes are fixed, so this is a constant.
  mutating func shape(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    func bound(_ value: Int) -> Int {
      max(0, min(x.rank, value < 0 ? value + x.rank : value))
    }
    let start = bound(try view.integer("start", 0))
    let end = bound(try view.integer("end", x.rank))
    let dimensions = start < end ? x.shape[start..<end].map { Int64($0) } : []
    define(
      ONNXValue(shape: [dimensions.count], integers: dimensions), named: view.node.outputs[0])
  }
}
