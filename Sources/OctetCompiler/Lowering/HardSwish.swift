import OctetModel
import OctetRuntime

extension Lowering {
  /// `x · min(6, max(0, x + 3)) / 6` in 16-bit fixed point, with the exact steps of TensorFlow Lite's
  /// reference.
  mutating func lowerHardSwish(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    // 128 times finer than the input, so that q − zero point fills 16 bits. All in float32.
    let fineScale = (1 / 128 as Float) * scale(node.inputs[0])
    // The scale at which 3.0 is 32,768.
    let reluScale: Float = 3 / 32_768
    let toOutput = FixedPointMultiplier(Double(fineScale / scale(node.outputs[0])))
    let toRelu = FixedPointMultiplier(Double(fineScale / reluScale))
    guard toOutput.shift <= 0 else {
      throw .invalid(
        node: node.name, reason: "its output scale is too small for hard swish's fixed point")
    }
    try appendLookup(node) { x in
      let fine = Int16(truncatingIfNeeded: x << 7)
      let preshifted = fine.roundingHighMultiply(toOutput.int16Multiplier)
      var relu = fine
      if toRelu.shift > 0 { relu = relu.saturatingShiftLeft(toRelu.shift - 1) }
      relu = relu.roundingHighMultiply(toRelu.int16Multiplier)
      if toRelu.shift > 0 { relu = relu.saturatingShiftLeft(1) }
      if toRelu.shift < 0 { relu = Int16(roundingShiftRight(Int32(relu), -toRelu.shift)) }
      // From −1…1 to 0…1.
      let factor = Int16(truncatingIfNeeded: (Int32(relu) + (1 << 15)) >> 1)
      let product = Int32(factor) * Int32(preshifted) / (1 << 15)
      return roundingShiftRight(product, -toOutput.shift)
    }
  }
}

extension FixedPointMultiplier {
  /// The multiplier in 16 bits, rounded to nearest.
  fileprivate var int16Multiplier: Int16 {
    multiplier >= .max - (1 << 15) ? .max : Int16((multiplier + (1 << 15)) >> 16)
  }
}

extension Int16 {
  /// The high half of `2 · a · b`, rounded to nearest, half away from zero; b is never −2¹⁵.
  fileprivate func roundingHighMultiply(_ other: Int16) -> Int16 {
    let product = Int32(self) * Int32(other)
    let nudge: Int32 = product >= 0 ? 1 << 14 : 1 - (1 << 14)
    return Int16(truncatingIfNeeded: (product + nudge) / (1 << 15))
  }

  fileprivate func saturatingShiftLeft(_ amount: Int32) -> Int16 {
    Int16(clamping: Int64(self) << Int64(amount))
  }
}
