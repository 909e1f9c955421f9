import OctetModel

extension TFLiteImporter {
  mutating func binary(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Binary
    let operation: Operation =
      switch call.kind {
      case .add: .add(try call.activation(Slot.addType, Slot.activation))
      case .sub: .subtract(try call.activation(Slot.subtractType, Slot.activation))
      case .mul: .multiply(try call.activation(Slot.multiplyType, Slot.activation))
      case .div: .divide(try call.activation(Slot.divideType, Slot.activation))
      case .minimum: .minimum
      default: .maximum
      }
    if call.kind == .div, try call.input(0).type != TFLiteTensorType.float32.rawValue {
      throw .unsupported("division has no int8 kernel; multiply by the reciprocal instead")
    }
    try append(call, operation, inputCount: 2)
  }

  mutating func leakyRelu(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.LeakyRelu
    let alpha = try call.floatOption(Slot.type, Slot.alpha)
    guard alpha.isFinite else { throw call.broken("its slope is \(alpha)") }
    try append(call, .scalar(.leakyRelu(alpha: alpha)))
  }

  mutating func softmax(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Softmax
    let beta = try call.floatOption(Slot.type, Slot.beta)
    let rank = try call.shape(0).count
    guard beta.isFinite, beta > 0, rank > 0 else {
      throw call.broken("beta is \(beta) over \(rank) dimensions")
    }
    try append(call, .softmax(axis: rank - 1, beta: beta))
  }

  mutating func logSoftmax(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let rank = try call.shape(0).count
    guard rank > 0 else { throw call.broken("it is over 0 dimensions") }
    try append(call, .logSoftmax(axis: rank - 1))
  }

  /// A constant that is stored in fewer bits is taken as the reals that it stands for.
  mutating func dequantize(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let input = try tensor(call.node.inputs[0])
    guard graph.tensors[input].constant != nil else {
      try append(call, .dequantize)
      return
    }
    place(call.node.outputs[0], at: dequantized(input))
  }

  /// TFLM ignores an activation that is fused into it; no converter writes one.
  mutating func l2Normalization(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.L2Normalization
    guard try call.activation(Slot.type, Slot.activation) == .none else {
      throw .unsupported("an activation is fused into it; apply it in a node of its own")
    }
    try append(call, .l2Normalization)
  }

  /// Functions of one element.
  mutating func function(_ call: TFLiteCall) throws(TFLiteRefusal) {
    switch call.kind {
    case .reluN1To1: try append(call, .scalar(.clip(lower: -1, upper: 1)))
    case .relu0To1: try append(call, .scalar(.clip(lower: 0, upper: 1)))
    case .relu6: try relu6(call)
    case .leakyRelu: try leakyRelu(call)
    case .prelu: try append(call, .prelu, inputCount: 2)
    case .gelu:
      let isApproximate = try call.flagOption(
        TFLiteOptions.Gelu.type, TFLiteOptions.Gelu.isApproximate)
      try append(call, .scalar(isApproximate ? .geluByTanh : .gelu))
    case .rsqrt: try append(call, .scalar(.power(exponent: -0.5)))
    case .square: try append(call, .scalar(.power(exponent: 2)))
    default:
      let number = Int32(call.kind.rawValue)
      guard let function = ScalarFunction.all.first(where: { $0.row.tflite == number }) else {
        throw .unsupported("Octet has no such operator")
      }
      try append(call, .scalar(function))
    }
  }
}

// TFLM's RELU6 clamps the codes at the input's 0 and 6 and copies them, whatever the scale of the
// output. Converters write such a node after operators that cannot hold it, such as MINIMUM.
extension TFLiteImporter {
  mutating func relu6(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try tensor(call.node.inputs[0])
    let result = try tensor(call.node.outputs[0])
    guard let grid = graph.tensors[x].quantization, let own = graph.tensors[result].quantization,
      grid != own, graph.tensors[x].elementType == .int8, grid.axis == nil, own.axis == nil
    else { return try append(call, .scalar(.relu6)) }
    var held = graph.tensors[x]
    (held.name, held.constant, held.quantization) = ("\(call.name)/codes", nil, own)
    let codes = addTensor(held)
    graph.nodes.append(
      Node(
        name: uniqueNodeName("\(call.name)/codes"), operation: .reshape(held.shape), inputs: [x],
        outputs: [codes]))
    let zero = Int(grid.zeroPoints[0])
    // The reference divides in float32.
    let six = min(127, (6 / grid.scales[0]).rounded() + Float(zero))
    let (scale, offset) = (own.scales[0], Int(own.zeroPoints[0]))
    try append(
      call,
      .scalar(
        .clip(lower: scale * Float(zero - offset), upper: scale * Float(Int(six) - offset))),
      inputs: [codes])
  }

  /// Copies along an axis stand one after the other.
  mutating func tile(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let x = try call.shape(0)
    let counts = try call.integers(1, "its multiples are")
    guard counts.count == x.count, counts.allSatisfy({ (1...1 << 20).contains($0) }) else {
      throw call.broken("it has the multiples \(counts) for \(x.count) dimensions")
    }
    let source = try tensor(call.node.inputs[0])
    let repeated = counts.indices.filter { counts[$0] > 1 }
    guard let last = repeated.last else { return try append(call, .reshape(x)) }
    guard repeated.allSatisfy({ counts[$0] <= 64 }) else {
      guard graph.tensors[source].quantization == nil else {
        throw .unsupported("it repeats \(counts) times; in int8 at most 64 times are supported")
      }
      return try append(call, .tile(counts))
    }
    var (current, shape) = (source, x)
    for axis in repeated.dropLast() {
      shape[axis] *= counts[axis]
      var held = graph.tensors[current]
      (held.name, held.constant, held.shape) = ("\(call.name)/axis\(axis)", nil, shape)
      let output = addTensor(held)
      graph.nodes.append(
        Node(
          name: uniqueNodeName("\(call.name)/axis\(axis)"),
          operation: .concatenation(axis: axis, activation: .none),
          inputs: [TensorIndex](repeating: current, count: counts[axis]), outputs: [output]))
      current = output
    }
    try append(
      call, .concatenation(axis: last, activation: .none),
      inputs: [TensorIndex](repeating: current, count: counts[last]))
  }
}
