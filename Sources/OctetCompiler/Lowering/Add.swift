import OctetModel
import OctetRuntime

extension Lowering {
  /// Both inputs are brought to twice the larger scale, with 20 more bits.
  mutating func lowerAdd(_ index: Int, _ activation: Activation) throws(CompilerError) {
    let node = graph.nodes[index]
    let (a, b) = (Double(scale(node.inputs[0])), Double(scale(node.inputs[1])))
    let twice = 2 * max(a, b)
    try appendSum(
      .add, node, activation, a: a / twice, b: b / twice,
      output: twice / (Double(1 << sumLeftShift) * Double(scale(node.outputs[0]))))
  }

  /// The operators of addition and subtraction have the same words.
  mutating func appendSum(
    _ kind: OperatorKind, _ node: Node, _ activation: Activation, a: Double, b: Double,
    output: Double
  ) throws(CompilerError) {
    let clamp = clampRange(activation, output: node.outputs[0])
    let (a, b) = (FixedPointMultiplier(a), FixedPointMultiplier(b))
    let by = FixedPointMultiplier(output)
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

  var sumLeftShift: Int { 20 }
}
