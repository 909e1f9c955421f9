import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerMultiply(_ node: Node, _ activation: Activation) throws(CompilerError) {
    let real =
      Double(scale(node.inputs[0])) * Double(scale(node.inputs[1]))
      / Double(scale(node.outputs[0]))
    let by = FixedPointMultiplier(real)
    // |product| ≤ 255² < 2¹⁶, of int16 ≤ 2³⁰, must stay below 2³¹ after the left shift where
    // TensorFlow Lite's wrapping is not the model's own.
    guard by.shift <= (isInt16(node) ? 0 : 14) || graph.arithmetic == .tensorFlowLite else {
      throw .invalid(node: node.name, reason: "its output scale is far too small for its inputs")
    }
    typealias Word = Multiply.Word
    try append(
      .multiply, node, words(by, Word.multiplier, Word.shift) + clampWords(activation, node))
  }
}

extension Multiply.Word: ClampWord {}
