import OctetModel
import OctetRuntime

// Functions of one number in int16, changes of scale between int8 and int16, and softmax.

extension Lowering {
  mutating func lowerFunction16(_ node: Node) throws(CompilerError) {
    switch node.operation {
    case .quantize, .identity: try lowerRequantize(node, .none)
    case .scalar(.logistic): try lowerSigmoid16(node, isTangent: false)
    case .scalar(.tanh): try lowerSigmoid16(node, isTangent: true)
    default:
      guard let activation = node.operation.asActivation else {
        throw .invalid(
          node: node.name,
          reason: "\(node.operation.name) has no operator for int16 activations; quantize it to int8")
      }
      try lowerRequantize(node, activation)
    }
  }

  private mutating func lowerRequantize(
    _ node: Node, _ activation: Activation
  ) throws(CompilerError) {
    let by = FixedPointMultiplier(
      Double(scale(node.inputs[0])) / Double(scale(node.outputs[0])), in: graph.arithmetic)
    // |q − zero point| ≤ 2¹⁵ must stay below 2³¹ when it is scaled.
    guard by.shift <= 14 else {
      throw .invalid(node: node.name, reason: "its scales are too far apart")
    }
    typealias Word = Requantize.Word
    try append(
      .requantize, node, words(by, Word.multiplier, Word.shift) + clampWords(activation, node))
  }

  private mutating func lowerSigmoid16(
    _ node: Node, isTangent: Bool
  ) throws(CompilerError) {
    try requireScale16(node)
    let by = Sigmoid16Table.multiplier(inputScale: scale(node.inputs[0]))
    typealias Word = Sigmoid16.Word
    try append(
      .sigmoid16, node,
      [
        Word.isTangent: .value(isTangent ? 1 : 0), .multiplier: .value(by.multiplier),
        .shift: .value(by.shift), .table: .words(Sigmoid16Table.values.pairs),
      ])
  }

  mutating func lowerSoftmax16(_ node: Node, axis: Int, beta: Float) throws(CompilerError) {
    try requireScale16(node)
    guard axis == graph.tensors[node.inputs[0]].shape.count - 1 else {
      throw .invalid(node: node.name, reason: "softmax must be over the last axis")
    }
    let by = FixedPointMultiplier(
      Double(scale(node.inputs[0])) * Double(beta) / (10 / 65_535.0))
    // |difference| < 2¹⁶ must stay below 2³¹ when it is scaled.
    guard by.shift <= 14 else {
      throw .invalid(node: node.name, reason: "softmax's input scale is too large")
    }
    typealias Word = Softmax16.Word
    try append(
      .softmax16, node,
      words(by, Word.multiplier, Word.shift) + [
        .exponentials: .words(Softmax16Table.exponentials.pairs),
        .reciprocals: .words(Softmax16Table.reciprocals.pairs),
      ])
  }

  /// Throws unless the output has the scale that results of these functions have.
  private func requireScale16(_ node: Node) throws(CompilerError) {
    guard scale(node.outputs[0]) == 0x1p-15 else {
      throw .invalid(
        node: node.name,
        reason: "\(node.operation.name)'s output of int16 must have scale \(Float(0x1p-15)), zero "
          + "point 0")
    }
  }
}

extension BlobReader {
  mutating func readRequantize(_ view: OperatorView) {
    let activation = activation(view, Requantize.Word.self)
    switch activation {
    case .none: append(view, .quantize)
    case .relu: append(view, .scalar(.relu))
    default:
      append(
        view,
        .scalar(.clip(lower: activation.bounds.lower, upper: activation.bounds.upper)))
    }
  }

  /// Beta is the float nearest to what the multiplier says.
  mutating func readSoftmax16(_ view: OperatorView) {
    typealias Word = Softmax16.Word
    let by = FixedPointMultiplier(
      multiplier: view.parameter(Word.multiplier), shift: view.parameter(Word.shift))
    let scale = Double(input(view).quantization?.scales.first ?? 1)
    append(
      view,
      .softmax(axis: input(view).shape.count - 1, beta: Float(by.real * (10 / 65_535.0) / scale)))
  }
}

extension Requantize.Word: ClampWord {}

extension [Int32] {
  /// Pairs of numbers of 16 bits as words, the first in the lower half; a 0 where one is missing.
  fileprivate var pairs: [Int32] {
    stride(from: 0, to: count, by: 2).map { index in
      self[index] & 0xFFFF | (index + 1 < count ? self[index + 1] << 16 : 0)
    }
  }
}
