import OctetModel

extension ONNXOperator {
  static let gemm = ONNXOperator(
    "Gemm",
    read: { (importer, node) throws(ImportFailure) in try importer.gemm(node) },
    evaluate: { (call) throws(ImportFailure) in [try call.gemm()] })
}

extension ONNXImporter {
  /// `alpha · A · B + beta · C` as a fully connected operation.
  mutating func gemm(_ view: ONNXNodeView) throws(ImportFailure) {
    let (a, b) = (try view.input(0), try view.input(1))
    guard a.rank == 2, b.rank == 2 else {
      throw .invalid("A and B need two dimensions, but have \(a.shape) and \(b.shape)")
    }
    let (alpha, beta) = (try view.float("alpha", 1), try view.float("beta", 1))
    let isTransposedB = try view.integer("transB") != 0
    guard let weights = b.constant else {
      return try gemmOfTwoActivations(view, alpha: alpha, beta: beta)
    }
    var operands: [TensorIndex] = []
    if try view.integer("transA") != 0 {
      operands.append(try transpose(try tensor(a, .plain), [1, 0]))
    } else {
      operands.append(try fullyConnectedInput(a))
    }
    operands.append(
      try fullyConnectedWeights(
        b.name, weights, isTransposed: isTransposedB, factor: alpha, for: a, operands[0]))
    let columns = b.shape[isTransposedB ? 0 : 1]
    var rest: ImportedValue?
    if let c = view.optionalInput(2) {
      if let constant = c.constant, constant.elementType.isReal,
        constant.shape.dropLast().allSatisfy({ $0 == 1 }),
        constant.shape.last ?? 1 == columns || constant.count == 1
      {
        operands.append(try bias(c.name, constant, columns: columns, factor: beta))
      } else {
        rest = c
      }
    }
    let output = view.node.outputs[0]
    let product = try emit(
      .fullyConnected(FullyConnectedAttributes()), name: view.name, inputs: operands,
      output: rest == nil ? output : view.name + "/product")
    guard let rest else { return define(view, product, .plain) }
    let addend = try scaled(try tensor(rest, .plain), by: beta, name: view.name + "/beta")
    let result = try emit(
      .add(.none), name: view.name + "/add", inputs: [product, addend], output: output)
    define(view, result, .plain)
  }

  private mutating func gemmOfTwoActivations(
    _ view: ONNXNodeView, alpha: Float, beta: Float
  ) throws(ImportFailure) {
    var operands: [TensorIndex] = []
    for (index, flag) in ["transA", "transB"].enumerated() {
      let plain = try tensor(try view.input(index), .plain)
      operands.append(try view.integer(flag) == 0 ? plain : try transpose(plain, [1, 0]))
    }
    operands[1] = try scaled(operands[1], by: alpha, name: view.name + "/alpha")
    let c = view.optionalInput(2)
    let output = view.node.outputs[0]
    let product = try emit(
      .matrixMultiply, name: view.name, inputs: operands,
      output: c == nil ? output : view.name + "/product")
    guard let c else { return define(view, product, .plain) }
    let addend = try scaled(try tensor(c, .plain), by: beta, name: view.name + "/beta")
    let result = try emit(
      .add(.none), name: view.name + "/add", inputs: [product, addend], output: output)
    define(view, result, .plain)
  }

  /// The input of a fully connected operation; a flattened one stays as it is, since the weights
  /// are reordered instead.
  mutating func fullyConnectedInput(
    _ a: ImportedValue
  ) throws(ImportFailure) -> TensorIndex {
    if case .flattened = a.layout { return try tensor(a, a.layout) }
    return try tensor(a, .plain)
  }

  /// `B` as `[O, I]`.
  mutating func fullyConnectedWeights(
    _ name: String, _ constant: ONNXValue, isTransposed: Bool, factor: Float,
    for a: ImportedValue, _ input: TensorIndex
  ) throws(ImportFailure) -> TensorIndex {
    var weights = constant
    if !isTransposed { weights = weights.transposed([1, 0]) }
    if factor != 1 { weights = weights.multiplied(by: factor) }
    var tag = "weights/\(isTransposed)/\(factor)"
    if case .flattened(let dimensions) = a.layout, case .tensor(input) = a.source {
      guard weights.shape[1] == dimensions.reduce(1, *) else {
        throw .invalid("weights of shape \(constant.shape) do not fit x of shape \(a.shape)")
      }
      weights = a.layout.tensorElements(weights)
      tag += "/\(dimensions)"
    }
    return try constantTensor(name, weights, tag: tag)
  }

  mutating func bias(
    _ name: String, _ constant: ONNXValue, columns: Int, factor: Float
  ) throws(ImportFailure) -> TensorIndex {
    var reals = constant.reals
    if reals.count == 1 && columns > 1 { try spend(columns) }
    if reals.count == 1 { reals = [Float](repeating: reals[0], count: columns) }
    var value = ONNXValue(shape: [columns], reals: reals)
    if factor != 1 { value = value.multiplied(by: factor) }
    return try constantTensor(name, value, tag: "bias/\(columns)/\(factor)")
  }

  mutating func scaled(
    _ tensor: TensorIndex, by factor: Float, name: String
  ) throws(ImportFailure) -> TensorIndex {
    if factor == 1 { return tensor }
    let constant = try constantTensor(
      name + "/factor", ONNXValue(shape: [], reals: [factor]), tag: "factor")
    return try emit(.multiply(.none), name: name, inputs: [tensor, constant], output: name)
  }
}

extension ONNXValue {
  func multiplied(by factor: Float) -> ONNXValue {
    var result = self
    result.elements = .real(reals.map { $0 * factor })
    return result
  }
}

extension ONNXCall {
  func gemm() throws(ImportFailure) -> ONNXValue {
    var (a, b) = (try input(0), try input(1))
    guard a.shape.count == 2, b.shape.count == 2 else { throw .invalid("A and B are matrices") }
    if try view.integer("transA") != 0 { a = a.transposed([1, 0]) }
    if try view.integer("transB") != 0 { b = b.transposed([1, 0]) }
    let result = try product(a, b)
    let (alpha, beta) = (try view.float("alpha", 1), try view.float("beta", 1))
    let values = result.reals
    guard let c = optional(2) else {
      return try real(result.shape) { alpha * values[result.offset($0)] }
    }
    guard try broadcast(result.shape, c.shape) == result.shape else {
      throw .invalid("C of shape \(c.shape) does not fit")
    }
    let addends = c.reals
    return try real(result.shape) {
      alpha * values[result.offset($0)] + beta * addends[c.broadcastOffset($0)]
    }
  }
}

extension ONNXExporter {
  mutating func fullyConnected(
    _ node: Node, _ values: FullyConnectedAttributes
  ) throws(ImportFailure) {
    let x = graph.tensors[node.inputs[0]].shape
    let weights = graph.tensors[node.inputs[1]].shape
    if values.keepsLeadingDimensions && x.count != 2 { return try linear(node, values) }
    var source: String
    var layout = self.layout(of: node.inputs[0])
    if case .flattened(let dimensions) = layout, dimensions.reduce(1, *) == weights[1] {
      source = value(node.inputs[0], layout)
    } else {
      layout = .plain
      source = value(node.inputs[0], .plain)
      if x.count != 2 || x[1] != weights[1] { source = reshaped(source, [-1, weights[1]]) }
    }
    guard
      let matrix = constant(
        node.inputs[1], form: "weights/\(layout)", { layout.valueElements($0) })
    else { throw .unsupported("its weights are no constant") }
    var inputs = [source, matrix]
    if node.inputs.count == 3 { inputs.append(value(node.inputs[2], .plain)) }
    let target = make(node.outputs[0], .plain)
    let result = resultName(target, values.activation)
    addNode(
      "Gemm", node.name, inputs, [result],
      [("alpha", .float(1)), ("beta", .float(1)), ("transB", .integer(1))])
    finish(node, values.activation, from: result, to: target)
  }
}
