import OctetModel

extension ONNXOperator {
  static let add = ONNXOperator(
    "Add", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.add(node) })

  /// Two operands, broadcast.
  static let broadcasting: [ONNXOperator] =
    [
      binary("Sub", .subtract(.none)), binary("Mul", .multiply(.none)),
      binary("Div", .divide(.none)), binary("PRelu", .prelu),
      binary("Pow", .power, channels: .asInFile),
    ]
    + Comparison.allCases.map { binary($0.onnxOperator, .compare($0), channels: .asInFile) }
    + Logic.allCases.map { binary($0.onnxOperator, .logic($0), channels: .asInFile) }

  static func binary(
    _ name: String, _ operation: Operation, channels: Channels = .kept
  ) -> ONNXOperator {
    ONNXOperator(
      name, channels: channels,
      read: { (importer, node) throws(ImportFailure) in
        try importer.broadcasting(node, operation, [try node.input(0), try node.input(1)])
      })
  }

  /// Any number of operands, two at a time.
  static let variadic: [ONNXOperator] = [
    ("Min", Operation.minimum), ("Max", .maximum), ("Sum", .add(.none)),
  ].map { name, operation in
    ONNXOperator(
      name, channels: .kept,
      read: { (importer, node) throws(ImportFailure) in try importer.chain(node, operation) })
  }

  static let mean = ONNXOperator(
    "Mean", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.meanOfOperands(node) })

  static let not = ONNXOperator(
    "Not", read: { (importer, node) throws(ImportFailure) in try importer.not(node) })
}

extension Comparison {
  var onnxOperator: String {
    switch self {
    case .equal: "Equal"
    case .less: "Less"
    case .lessOrEqual: "LessOrEqual"
    case .greater: "Greater"
    case .greaterOrEqual: "GreaterOrEqual"
    }
  }
}

extension Logic {
  var onnxOperator: String {
    switch self {
    case .and: "And"
    case .or: "Or"
    case .exclusiveOr: "Xor"
    }
  }
}

extension ONNXImporter {
  /// An addition of one constant for each output channel becomes the bias of the convolution or
  /// fully connected before it.
  mutating func add(_ view: ONNXNodeView) throws(ImportFailure) {
    let operands = [try view.input(0), try view.input(1)]
    for (x, other) in [(operands[0], operands[1]), (operands[1], operands[0])] {
      if let bias = other.constant, try fold(bias, other.name, into: x, view) { return }
    }
    try broadcasting(view, .add(.none), operands)
  }

  mutating func fold(
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

  mutating func not(_ view: ONNXNodeView) throws(ImportFailure) {
    let no = ONNXValue(shape: [], integers: [0], elementType: .bool)
    try broadcasting(
      view, .compare(.equal), [try view.input(0), operand(view.name + "/false", no)])
  }

  /// The mean of any number of operands, element by element.
  mutating func meanOfOperands(_ view: ONNXNodeView) throws(ImportFailure) {
    if view.inputs.count <= 1 { return try alias(view) }
    var sum = try view.input(0)
    for index in 1..<view.inputs.count {
      let name = view.name + "/sum\(index)"
      let result = try combine([sum, try view.input(index)], .add(.none), name: name, output: name)
      sum = heldValue(result.tensor, result.layout, named: name)
    }
    let factor = ONNXValue(shape: [], reals: [1 / Float(view.inputs.count)])
      .retyped(sum.elementType)
    try broadcasting(view, .multiply(.none), [sum, operand(view.name + "/factor", factor)])
  }
}

extension ONNXExporter {
  mutating func binary(
    _ node: Node, _ operatorName: String, _ activation: Activation
  ) {
    let rank = graph.tensors[node.outputs[0]].shape.count
    let isImage =
      rank >= 3
      && node.inputs.contains {
        [.channelsLast, .line].contains(layout(of: $0)) && graph.tensors[$0].shape.count == rank
      }
    let chosen: ONNXLayout = isImage ? .channelsLast : .plain
    var inputs: [String] = []
    for input in node.inputs {
      let shape = graph.tensors[input].shape
      let wide = [Int](repeating: 1, count: rank - shape.count) + shape
      if let name = constant(
        input, form: "\(chosen)/\(rank)",
        { isImage && !shape.isEmpty ? chosen.valueElements($0.reshaped(wide)) : $0 })
      {
        inputs.append(name)
      } else if shape.count == rank || !isImage {
        inputs.append(value(input, chosen))
      } else {
        // Dimensions of 1 in front, then the image's order.
        let front = reshaped(value(input, .plain), wide)
        inputs.append(transposed(front, ONNXLayout.inverse(chosen.permutation(rank: rank))))
      }
    }
    let target = make(node.outputs[0], chosen)
    let result = resultName(target, activation)
    addNode(operatorName, node.name, inputs, [result])
    finish(node, activation, from: result, to: target)
  }
}
