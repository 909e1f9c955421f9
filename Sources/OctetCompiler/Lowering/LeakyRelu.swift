import OctetModel
import OctetRuntime

extension Lowering {
  /// TensorFlow Lite forms both factors in float32.
  mutating func lowerLeakyRelu(_ index: Int, alpha: Float) throws(CompilerError) {
    let node = graph.nodes[index]
    let (inputScale, outputScale) = (scale(node.inputs[0]), scale(node.outputs[0]))
    let slope = inputScale * alpha / outputScale
    let identity = try lookupMultiplier(node, Double(inputScale / outputScale))
    let below = try lookupMultiplier(node, Double(abs(slope)))
    try appendLookup(node) {
      if $0 >= 0 { return requantize($0, identity) }
      // The multiplier of a negative slope is the negated one of its magnitude, and rounding is
      // that of the product.
      return requantize($0, below, isNegated: slope < 0)
    }
  }
}

/// `value · ±multiplier`, by double rounding.
private func requantize(
  _ value: Int32, _ by: FixedPointMultiplier, isNegated: Bool
) -> Int32 {
  guard isNegated else { return requantize(value, by) }
  let (left, right) = (max(by.shift, 0), max(-by.shift, 0))
  return roundingShiftRight(highMultiply(value &<< left, -by.multiplier), right)
}
