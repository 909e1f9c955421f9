import OctetModel
import OctetRuntime

// Softmax and its logarithm, over the last axis.

extension Lowering {
  mutating func lowerSoftmax(_ node: Node, axis: Int, beta: Float) throws(CompilerError) {
    if isInt16(node) { return try lowerSoftmax16(node, axis: axis, beta: beta) }
    let scaling = try differenceScaling(node, axis: axis, beta: beta)
    try append(.softmax, node, rowWords(scaling, try outputScaling(node, from: 0x1p-20)))
  }

  mutating func lowerLogSoftmax(_ node: Node, axis: Int) throws(CompilerError) {
    let scaling = try differenceScaling(node, axis: axis, beta: 1)
    let inverse = FixedPointMultiplier(
      Double(sign: .plus, exponent: 31 - Int(scaling.by.shift), significand: 1)
        / Double(scaling.by.multiplier))
    typealias Word = SoftmaxRows.Word
    try append(
      .logSoftmax, node,
      rowWords(scaling, try outputScaling(node, from: 0x1p-26))
        + words(inverse, Word.inverseMultiplier, Word.inverseShift))
  }

  private func rowWords(
    _ scaling: (by: FixedPointMultiplier, differenceMinimum: Int), _ output: FixedPointMultiplier
  ) -> ParameterWords<SoftmaxRows.Word> {
    words(scaling.by, .multiplier, .shift)
      + [.differenceMinimum: .value(scaling.differenceMinimum)]
      + words(output, .outputMultiplier, .outputShift)
  }

  /// What takes results in steps of `unit` to the output's scale; 0 for the one that TensorFlow
  /// Lite prescribes.
  private func outputScaling(
    _ node: Node, from unit: Double
  ) throws(CompilerError) -> FixedPointMultiplier {
    let needed = node.operation.fixedOutputQuantization
    if let needed, graph.tensors[node.outputs[0]].quantization == needed {
      return FixedPointMultiplier(multiplier: 0, shift: 0)
    }
    guard graph.arithmetic == .onnx else {
      throw .invalid(
        node: node.name,
        reason: "\(node.operation.name)'s output must have scale \(needed?.scales[0] ?? 0), zero "
          + "point \(needed?.zeroPoints[0] ?? 0)")
    }
    let by = FixedPointMultiplier(unit / Double(scale(node.outputs[0])))
    guard by.shift <= 0, by.multiplier > 0 else {
      throw .invalid(node: node.name, reason: "its output scale is too small or too large")
    }
    return by
  }

  /// What takes differences of scores to Q5.26, and the least difference that it can take there.
  private func differenceScaling(
    _ node: Node, axis: Int, beta: Float
  ) throws(CompilerError) -> (by: FixedPointMultiplier, differenceMinimum: Int) {
    let name = node.operation.name
    guard axis == graph.tensors[node.inputs[0]].shape.count - 1 else {
      throw .invalid(node: node.name, reason: "\(name) must be over the last axis")
    }
    let integerBits = 5
    let real = Double(beta) * Double(scale(node.inputs[0])) * Double(1 << (31 - integerBits))
    guard real > 1 else {
      throw .invalid(node: node.name, reason: "\(name)'s input scale is too small")
    }
    let multiplier = FixedPointMultiplier(min(real, Double((1 << 31) - 1)))
    let radius =
      Double((1 << integerBits) - 1) * Double(1 << (31 - integerBits))
      / Double(1 << Int(multiplier.shift))
    return (multiplier, max(-255, -Int(radius.rounded(.down))))
  }
}

extension BlobReader {
  /// Beta is the float nearest to what the multiplier says, which has 31 bits; above one at which
  /// it saturates all give the same.
  mutating func readSoftmax(_ view: OperatorView) {
    typealias Word = SoftmaxRows.Word
    let by = FixedPointMultiplier(
      multiplier: view.parameter(Word.multiplier), shift: view.parameter(Word.shift))
    let scale = Double(input(view).quantization?.scales.first ?? 1)
    var beta = Float(by.real * 0x1p-26 / scale)
    if by.multiplier == .max { beta = beta.nextUp }
    append(view, .softmax(axis: input(view).shape.count - 1, beta: beta))
  }
}
