import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerAdd(_ index: Int, _ activation: Activation) throws(CompilerError) {
    try appendSum(.add, graph.nodes[index], activation)
  }

  /// The operators of addition and subtraction have the same words: both inputs are brought to
  /// twice the larger scale, with 20 more bits.
  mutating func appendSum(
    _ kind: OperatorKind, _ node: Node, _ activation: Activation
  ) throws(CompilerError) {
    let sumLeftShift = 20
    let clamp = clampRange(activation, output: node.outputs[0])
    let scales = node.inputs.map { Double(scale($0)) }
    let twice = 2 * max(scales[0], scales[1])
    let (a, b) = (FixedPointMultiplier(scales[0] / twice), FixedPointMultiplier(scales[1] / twice))
    let by = FixedPointMultiplier(
      twice / (Double(1 << sumLeftShift) * Double(scale(node.outputs[0]))))
    // |sum| < 2²⁹, so a factor above 1 could overflow; no converter makes one.
    guard by.shift <= 0 else {
      throw .invalid(node: node.name, reason: "its output scale is far too small for its inputs")
    }
    try append(
      kind, node, inputs: node.inputs, output: node.outputs[0],
      [
        .value(sumLeftShift), .value(Int(a.multiplier)), .value(Int(a.shift)),
        .value(Int(b.multiplier)), .value(Int(b.shift)), .value(Int(by.multiplier)),
        .value(Int(by.shift)), .value(clamp.lower), .value(clamp.upper),
      ])
  }
}
