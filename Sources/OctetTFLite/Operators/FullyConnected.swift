import OctetModel

/// FULLY_CONNECTED; with weights that the model computes, a product of two activations.
enum FullyConnected: TFLiteDefinition {
  private static let builtin = TFLiteBuiltin(
    9, inputs: 2...3, int8Version: 4, int4Version: 10, int16Version: 7, options: 8)
  static let builtins = [builtin]

  private enum Options {
    static let activation = FlatSlot<Int8>(0)
    static let weightsFormat = FlatSlot<Int8>(1)
    static let keepsDimensions = FlatSlot<Bool>(2)
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    guard try call[Options.weightsFormat] == 0 else {
      throw .unsupported("its weights are shuffled for one processor; convert the model anew")
    }
    var attributes = FullyConnectedAttributes()
    attributes.activation = try call.activation(Options.activation)
    attributes.keepsLeadingDimensions = try call[Options.keepsDimensions]
    let given = try call.operand(1)
    guard call.tensor(given).constant != nil else {
      return try readProduct(call, attributes, weights: given)
    }
    let inputs = try call.weighted(axis: 0)
    let (x, weights) = (
      call.tensor(inputs[0]).shape, call.tensor(inputs[1]).shape
    )
    let declared = try call.output().shape
    guard weights.count == 2, weights[1] > 0, declared.count != 2 || declared[1] == weights[0]
    else {
      throw call.broken("weights of the shape \(weights) do not fit")
    }
    // Some files keep the leading dimensions without saying so.
    if !declared.isEmpty, declared.count != 2, declared.dropLast() == x.dropLast() {
      attributes.keepsLeadingDimensions = true
    }
    try call.append(.fullyConnected(attributes), inputs: inputs)
  }

  /// Reads a node whose weights, `[O, I]`, the model computes: a matrix product.
  private static func readProduct(
    _ call: TFLiteCall, _ attributes: FullyConnectedAttributes, weights given: TensorIndex
  ) throws(TFLiteRefusal) {
    var x = try call.operand(0)
    let (shape, weights) = (call.tensor(x).shape, call.tensor(given).shape)
    let output = try call.result()
    guard weights.count == 2, weights[1] > 0, shape.elementCount % weights[1] == 0 else {
      throw call.broken("weights of the shape \(weights) do not fit")
    }
    try MatrixProduct.requireOneScale([x, given], call)
    let hasBias = call.has(2)
    guard !hasBias || call.tensor(x).quantization == nil else {
      throw .unsupported(
        "its weights are computed by the model and it has a bias; in int8 only one of both is "
          + "supported")
    }
    if !attributes.keepsLeadingDimensions, shape.count != 2 || shape[1] != weights[1] {
      let flat = [shape.elementCount / weights[1], weights[1]]
      x = try call.step(.reshape(flat), [x], "/flat")
    }
    let operands = [x, try MatrixProduct.swapped(given, call, "/weights")]
    let activation = attributes.activation
    if !hasBias, activation == .none {
      return try call.append(.matrixMultiply, inputs: operands)
    }
    let product = try call.step(.matrixMultiply, operands, "/product", like: output)
    if hasBias {
      let bias = call.importer.dequantized(try call.operand(2))
      return try call.append(.add(activation), inputs: [product, bias])
    }
    let (lower, upper) = activation.bounds
    try call.append(
      .scalar(activation == .relu ? .relu : .clip(lower: lower, upper: upper)),
      inputs: [product])
  }

  static func write(
    _ node: Node, _ attributes: FullyConnectedAttributes, _ exporter: TFLiteExporter
  ) {
    exporter.append(
      builtin, node, fusing: attributes.activation, at: Options.activation,
      options: [Options.keepsDimensions(attributes.keepsLeadingDimensions)]
    ) { [exporter.tensor(node.inputs[0])] + exporter.weightsAndBias(node) }
  }
}
