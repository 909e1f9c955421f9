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
    try append(call, .leakyRelu(alpha: alpha))
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

  mutating func mean(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Reducer
    let rank = try call.shape(0).count
    var axes: Set<Int> = []
    for axis in try call.integers(1, "its axes are") {
      axes.insert(try call.axis(axis, rank: rank))
    }
    try append(
      call,
      .mean(
        axes: axes.sorted(),
        keepsDimensions: try call.flagOption(Slot.type, Slot.keepsDimensions)))
  }
}
