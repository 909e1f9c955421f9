import OctetModel
import OctetRuntime

extension Lowering {
  /// Both inputs are brought to twice the larger scale, with 7 more bits.
  mutating func lowerSquaredDifference(_ node: Node) throws(CompilerError) {
    let scales = node.inputs.map { Double(scale($0)) }
    let twice = 2 * max(scales[0], scales[1])
    let by =
      twice * twice
      / (Double(1 << (2 * SquaredDifference.leftShift)) * Double(scale(node.outputs[0])))
    typealias Word = SquaredDifference.Word
    try append(
      .squaredDifference, node,
      words(FixedPointMultiplier(scales[0] / twice), Word.multiplierA, Word.shiftA)
        + words(FixedPointMultiplier(scales[1] / twice), Word.multiplierB, Word.shiftB)
        + words(FixedPointMultiplier(by), Word.multiplier, Word.shift))
  }
}
