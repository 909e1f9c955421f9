import OctetModel

extension ONNXOperator {
  /// Those of the graph's table, whose attributes are the functions' parameters.
  static let functions: [ONNXOperator] = ScalarFunction.byONNXOperator.map { name, functions in
    ONNXOperator(
      name, channels: .kept,
      read: { (importer, node) throws(ImportFailure) in
        try importer.unary(node, .scalar(try node.function(functions)))
      })
  }
}

extension ScalarFunction {
  /// The functions that share an ONNX operator, by its name.
  static let byONNXOperator: [String: [ScalarFunction]] = Dictionary(
    grouping: all.filter { $0.row.onnx != nil }
  ) { $0.row.onnx?.operatorName ?? "" }

  /// The operator that a file gets; nil for those that its operator set does not have, which
  /// `exportComposed` writes.
  var onnxOperator: (String, [(name: String, value: ONNXAttribute)])? {
    if [.mish, .gelu, .geluByTanh, .swish].contains(kind) { return nil }
    guard let form = row.onnx else { return nil }
    return (
      form.operatorName,
      zip(row.parameters, parameters).map { ($0.name, .float($1)) }
    )
  }
}

extension ONNXNodeView {
  /// The one of `functions` that the node's attribute `approximate` chooses, with the parameters
  /// that the file gives.
  func function(_ functions: [ScalarFunction]) throws(ImportFailure) -> ScalarFunction {
    let approximate = try string("approximate", "none")
    let chosen = functions.first { $0.row.onnx?.approximate == approximate } ?? functions[0]
    var parameters: [Float] = []
    for parameter in chosen.row.parameters {
      parameters.append(try float(parameter.name, parameter.standard))
    }
    return ScalarFunction(chosen.kind, parameters: parameters)
  }
}

extension ONNXExporter {
  mutating func scalar(_ node: Node, _ function: ScalarFunction) throws(ImportFailure) {
    if let (operatorName, attributes) = function.onnxOperator {
      return unary(node, operatorName, attributes)
    }
    if exportComposed(node, function) { return }
    guard let bounds = function.bounds else {
      throw .unsupported("ONNX export does not write this function")
    }
    let layout = layout(of: node.inputs[0])
    let source = value(node.inputs[0], layout)
    addClip(node.name, bounds, source, make(node.outputs[0], layout))
  }

  /// False when the function has an operator of its own.
  mutating func exportComposed(_ node: Node, _ function: ScalarFunction) -> Bool {
    guard [.mish, .gelu, .geluByTanh, .swish, .power].contains(function.kind) else { return false }
    let layout = layout(of: node.inputs[0])
    let x = value(node.inputs[0], layout)
    switch function.kind {
    case .mish:
      let logarithm = step("Softplus", node, [x])
      finish("Mul", node, [x, step("Tanh", node, [logarithm])], layout)
    case .swish:
      let alpha = function.parameters[0]
      let scaled = alpha == 1 ? x : step("Mul", node, [x, scalar(alpha, node)])
      finish("Mul", node, [x, step("Sigmoid", node, [scaled])], layout)
    case .power:
      finish("Pow", node, [x, scalar(function.parameters[0], node)], layout)
    case .gelu:
      let scaled = step("Mul", node, [x, scalar(Float(0.5).squareRoot(), node)])
      gate(node, x, step("Erf", node, [scaled]), layout)
    default:
      // √(2/π) · (x + 0.044715 x³)
      let square = step("Mul", node, [x, x])
      let cubic = step("Mul", node, [square, scalar(0.044715, node)])
      let factor = step("Add", node, [cubic, scalar(1, node)])
      let sum = step("Mul", node, [factor, x])
      let scaled = step("Mul", node, [sum, scalar(Float(2 / Double.pi).squareRoot(), node)])
      gate(node, x, step("Tanh", node, [scaled]), layout)
    }
    return true
  }

  /// ½ · x · (1 + y)
  private mutating func gate(_ node: Node, _ x: String, _ y: String, _ layout: ONNXLayout) {
    let open = step("Add", node, [y, scalar(1, node)])
    let product = step("Mul", node, [x, open])
    finish("Mul", node, [product, scalar(0.5, node)], layout)
  }

  mutating func scalar(_ number: Float, _ node: Node) -> String {
    initializer(node.name + "/constant", ONNXValue(shape: [], reals: [number]))
  }

  mutating func step(_ operatorName: String, _ node: Node, _ inputs: [String]) -> String {
    let result = freshValue("\(node.name)/\(operatorName)")
    addNode(operatorName, freshNode(result), inputs, [result])
    return result
  }

  mutating func finish(
    _ operatorName: String, _ node: Node, _ inputs: [String], _ layout: ONNXLayout
  ) {
    addNode(operatorName, node.name, inputs, [make(node.outputs[0], layout)])
  }
}
