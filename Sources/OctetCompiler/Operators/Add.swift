import OctetModel
import OctetRuntime

// Addition and subtraction have the same words: both inputs are brought to twice the larger scale,
// with 20 more bits, of int16 with 15.

extension Lowering {
  mutating func lowerSum(
    _ kind: OperatorKind, _ node: Node, _ activation: Activation
  ) throws(CompilerError) {
    let leftShift = isInt16(node) ? 15 : 20
    let scales = node.inputs.map { Double(scale($0)) }
    let twice = 2 * max(scales[0], scales[1])
    let (a, b) = (FixedPointMultiplier(scales[0] / twice), FixedPointMultiplier(scales[1] / twice))
    let by = FixedPointMultiplier(twice / (Double(1 << leftShift) * Double(scale(node.outputs[0]))))
    // |sum| < 2²⁹, so a factor above 1 could overflow; no converter makes one.
    guard by.shift <= 0 else {
      throw .invalid(node: node.name, reason: "its output scale is far too small for its inputs")
    }
    typealias Word = Add.Word
    try append(
      kind, node,
      [Word.leftShift: .value(leftShift)] + words(a, Word.multiplierA, Word.shiftA)
        + words(b, Word.multiplierB, Word.shiftB) + words(by, Word.multiplier, Word.shift)
        + clampWords(activation, node))
  }
}

extension Add.Word: ClampWord {}
