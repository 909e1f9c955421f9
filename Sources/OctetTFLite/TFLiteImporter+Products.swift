import OctetModel

// Products of two activations. Operands that are read transposed get a node that does it.

extension TFLiteImporter {
  mutating func batchProduct(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.BatchMatMul
    var operands: [TensorIndex] = []
    for (position, slot) in [Slot.isLeftTransposed, Slot.isRightTransposed].enumerated() {
      let given = try tensor(call.node.inputs[position])
      let rank = graph.tensors[given].shape.count
      guard rank >= 2 else { throw call.broken("input \(position) has \(rank) dimensions") }
      let isTransposed = try call.flagOption(Slot.type, slot)
      operands.append(isTransposed ? swappingLastAxes(given, call, "/\(position)") : given)
    }
    try requireOneScale(operands, call)
    try append(call, .matrixMultiply, inputs: operands)
  }

  /// A fully connected operator whose weights `[O, I]` the model computes.
  mutating func connectionAsProduct(
    _ call: TFLiteCall, _ attributes: FullyConnectedAttributes
  ) throws(TFLiteRefusal) {
    var x = try tensor(call.node.inputs[0])
    let given = try tensor(call.node.inputs[1])
    let (shape, weights) = (graph.tensors[x].shape, graph.tensors[given].shape)
    let output = try tensor(call.node.outputs[0])
    guard weights.count == 2, weights[1] > 0, shape.elementCount % weights[1] == 0 else {
      throw call.broken("weights of the shape \(weights) do not fit")
    }
    try requireOneScale([x, given], call)
    let hasBias = call.node.inputs.count > 2 && call.node.inputs[2] >= 0
    guard !hasBias || graph.tensors[x].quantization == nil else {
      throw .unsupported(
        "its weights are computed by the model and it has a bias; in int8 only one of both is "
          + "supported")
    }
    if !attributes.keepsLeadingDimensions, shape.count != 2 || shape[1] != weights[1] {
      let flat = [shape.elementCount / weights[1], weights[1]]
      x = step(call, .reshape(flat), [x], like: x, shape: flat, "/flat")
    }
    var result: [Int] = graph.tensors[x].shape
    result[result.count - 1] = weights[0]
    let operands = [x, swappingLastAxes(given, call, "/weights")]
    let activation = attributes.activation
    if !hasBias, activation == .none {
      return try append(call, .matrixMultiply, inputs: operands)
    }
    let product = step(
      call, .matrixMultiply, operands, like: output, shape: result, "/product")
    if hasBias {
      let bias = dequantized(try tensor(call.node.inputs[2]))
      return try append(call, .add(activation), inputs: [product, bias])
    }
    let (lower, upper) = activation.bounds
    try append(
      call, .scalar(activation == .relu ? .relu : .clip(lower: lower, upper: upper)),
      inputs: [product])
  }

  private mutating func swappingLastAxes(
    _ tensor: TensorIndex, _ call: TFLiteCall, _ suffix: String
  ) -> TensorIndex {
    var shape = graph.tensors[tensor].shape
    var permutation = Array(shape.indices)
    permutation.swapAt(shape.count - 2, shape.count - 1)
    shape.swapAt(shape.count - 2, shape.count - 1)
    return step(
      call, .transpose(permutation), [tensor], like: tensor, shape: shape, suffix + "/transposed")
  }

  private func requireOneScale(
    _ operands: [TensorIndex], _ call: TFLiteCall
  ) throws(TFLiteRefusal) {
    let types = operands.map { graph.tensors[$0].elementType }
    guard types[0] == types[1] else {
      throw .unsupported(
        "it multiplies \(types[0]) by \(types[1]); quantize both operands or none")
    }
    guard operands.allSatisfy({ graph.tensors[$0].quantization?.axis == nil }) else {
      throw .unsupported("its operands have several scales; quantize them with one each")
    }
  }
}
