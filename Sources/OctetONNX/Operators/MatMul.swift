import OctetModel

extension ONNXOperator {
  static let matrixMultiply = ONNXOperator(
    "MatMul",
    read: { (importer, node) throws(ImportFailure) in try importer.matrixMultiply(node) },
    evaluate: { (call) throws(ImportFailure) in
      [try call.product(try call.input(0), try call.input(1))]
    })
}

extension ONNXImporter {
  /// A product with a constant matrix is a fully connected operation.
  mutating func matrixMultiply(_ view: ONNXNodeView) throws(ImportFailure) {
    let (a, b) = (try view.input(0), try view.input(1))
    guard let constant = b.constant, b.rank == 2, a.rank >= 2 else {
      let result = try emit(
        .matrixMultiply, name: view.name,
        inputs: [try tensor(a, .plain), try tensor(b, .plain)], output: view.node.outputs[0])
      return define(view, result, .plain)
    }
    let input = try fullyConnectedInput(a)
    let weights = try fullyConnectedWeights(
      b.name, constant, isTransposed: false, factor: 1, for: a, input)
    var attributes = FullyConnectedAttributes()
    attributes.keepsLeadingDimensions = a.rank > 2
    try emit(view, .fullyConnected(attributes), [input, weights], .plain)
  }
}

extension ONNXCall {
  func product(_ first: ONNXValue, _ second: ONNXValue) throws(ImportFailure) -> ONNXValue {
    var (a, b) = (first, second)
    guard !a.shape.isEmpty, !b.shape.isEmpty else { throw .invalid("it takes no scalars") }
    if first.shape.count == 1 { a.shape.insert(1, at: 0) }
    if second.shape.count == 1 { b.shape.append(1) }
    let depth = a.shape[a.shape.count - 1]
    guard b.shape[b.shape.count - 2] == depth else {
      throw .invalid("\(first.shape) and \(second.shape) do not fit")
    }
    let batch = try broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
    let shape = batch + [a.shape[a.shape.count - 2], b.shape[b.shape.count - 1]]
    try limitWork(try count(shape), depth)
    let (x, y) = (a.reals, b.reals)
    var result = try real(shape) { index in
      var sum = 0.0
      var (left, right) = (index, index)
      for k in 0..<depth {
        left[index.count - 1] = k
        right[index.count - 2] = k
        sum += Double(x[a.broadcastOffset(left)]) * Double(y[b.broadcastOffset(right)])
      }
      return Float(sum)
    }
    if second.shape.count == 1 { result.shape.removeLast() }
    if first.shape.count == 1 { result.shape.remove(at: batch.count) }
    return result
  }

  func broadcast(_ a: [Int], _ b: [Int]) throws(ImportFailure) -> [Int] {
    var result: [Int] = []
    for axis in 1...max(a.count, b.count, 1) {
      if axis > max(a.count, b.count) { break }
      let x = axis <= a.count ? a[a.count - axis] : 1
      let y = axis <= b.count ? b[b.count - axis] : 1
      guard x == y || x == 1 || y == 1 else { throw .invalid("\(a) and \(b) do not fit") }
      result.insert(x == 1 ? y : x, at: 0)
    }
    return result
  }
}

extension ONNXExporter {
  /// Writes a fully connected node that keeps leading dimensions: MatMul, and Add for a bias.
  mutating func linear(
    _ node: Node, _ values: FullyConnectedAttributes
  ) throws(ImportFailure) {
    let source = value(node.inputs[0], .plain)
    guard
      let matrix = constant(node.inputs[1], form: "transposed", { $0.transposed([1, 0]) })
    else { throw .unsupported("its weights are no constant") }
    let target = make(node.outputs[0], .plain)
    let result = resultName(target, values.activation)
    if node.inputs.count == 3 {
      let product = freshValue(target + "/product")
      addNode("MatMul", node.name, [source, matrix], [product])
      let bias = value(node.inputs[2], .plain)
      addNode("Add", freshNode(node.name + "/bias"), [product, bias], [result])
    } else {
      addNode("MatMul", node.name, [source, matrix], [result])
    }
    finish(node, values.activation, from: result, to: target)
  }
}
