import OctetModel
import OctetRuntime

extension Lowering {
  /// A table of `function` for every int8 value: `function` takes `q − zeroPoint of the input` and
  /// gives the result before the output's zero point, clamped to `range` after it.
  mutating func appendLookup(
    _ node: Node, range: (lower: Int, upper: Int) = (-128, 127), _ function: (Int32) -> Int32
  ) throws(CompilerError) {
    let (input, output) = (node.inputs[0], node.outputs[0])
    let inputZeroPoint = Int32(zeroPoint(input))
    let outputZeroPoint = zeroPoint(output)
    let table = (-128...127).map { q in
      let value = Int(function(Int32(q) - inputZeroPoint)) + outputZeroPoint
      return Int8(max(range.lower, min(range.upper, value)))
    }
    try append(.lookup, node, inputs: [input], output: output, [.value(1), .bytes(table)])
  }

  /// A multiplier for a lookup, which must not overflow on any int8 value.
  func lookupMultiplier(_ node: Node, _ real: Double) throws(CompilerError) -> FixedPointMultiplier
  {
    let multiplier = FixedPointMultiplier(real)
    // |q − zero point| ≤ 255 < 2⁸ must stay below 2³¹ after the left shift.
    guard real.isFinite, multiplier.shift <= 22 else {
      throw .invalid(node: node.name, reason: "its scales are too far apart")
    }
    return multiplier
  }
}
