import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerL2Normalization(
    _ node: Node, _ attributes: L2NormalizationAttributes
  ) throws(CompilerError) {
    typealias Word = L2Normalization.Word
    let grid = graph.tensors[node.outputs[0]].quantization
    if attributes.isTensorFlowLites, grid == node.operation.fixedOutputQuantization {
      return try append(.l2Normalization, node)
    }
    guard attributes.gain > 0, attributes.epsilon >= 0, grid?.axis == nil,
      !attributes.isTensorFlowLites
    else {
      throw .invalid(
        node: node.name, reason: "its output must have scale 1/128 and zero point 0")
    }
    let by = FixedPointMultiplier(Double(attributes.gain) / Double(scale(node.outputs[0])))
    guard L2Normalization.shifts.contains(by.shift), by.multiplier > 0 else {
      throw .invalid(node: node.name, reason: "its output scale is too small or too large")
    }
    // More than all squares together leaves nothing of a row, whatever it is.
    let step = Double(scale(node.inputs[0]))
    let channels = graph.tensors[node.inputs[0]].shape.last ?? 1
    let epsilon = (Double(attributes.epsilon) / (step * step)).rounded()
    guard epsilon <= Double(Int(Int32.max) - 255 * 255 * channels) else {
      throw .invalid(
        node: node.name, reason: "what is added to its sum of squares is far above them")
    }
    try append(
      .l2Normalization, node,
      words(by, Word.multiplier, Word.shift) + [.epsilon: .value(Int(epsilon))])
  }
}

extension BlobReader {
  mutating func readL2Normalization(_ view: OperatorView) {
    typealias Word = L2Normalization.Word
    var attributes = L2NormalizationAttributes()
    if view.parameterCount == L2Normalization.parameterCount {
      let by = FixedPointMultiplier(
        multiplier: view.parameter(Word.multiplier), shift: view.parameter(Word.shift))
      let step = Double(input(view).quantization?.scales.first ?? 1)
      attributes.gain = Float(by.real * Double(output(view).quantization?.scales.first ?? 1))
      attributes.epsilon = Float(Double(view.parameter(Word.epsilon)) * step * step)
    }
    append(view, .l2Normalization(attributes))
  }
}
