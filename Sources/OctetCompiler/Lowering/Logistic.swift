import OctetModel
import OctetRuntime

extension Lowering {
  /// `1 / (1 + exp(−x))` in fixed point: input in Q4.27, output (1/256, −128).
  mutating func lowerLogistic(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    guard
      graph.tensors[node.outputs[0]].quantization == Quantization(scale: 1 / 256, zeroPoint: -128)
    else {
      throw .invalid(node: node.name, reason: "its output must have scale 1/256, zero point −128")
    }
    let input = try FixedPointInput(scale: scale(node.inputs[0]), node: node)
    try appendLookup(node) {
      guard let x = input.value($0) else { return $0 < 0 ? 0 : 255 }
      return roundingShiftRight(GemmlowpFixedPoint.logistic(x), 31 - 8)
    }
  }
}

/// The input of logistic and tanh: Q4.27, with a radius beyond which the result is saturated.
struct FixedPointInput {
  static let integerBits: Int32 = 4
  private let multiplier: FixedPointMultiplier
  private let radius: Int32

  init(scale: Float, node: Node) throws(CompilerError) {
    multiplier = FixedPointMultiplier(Double(scale) * Double(1 << (31 - Self.integerBits)))
    // Within the radius |x| · 2^shift < 15 · 2²⁷.
    guard (0...30).contains(multiplier.shift) else {
      throw .invalid(node: node.name, reason: "its input scale is out of range")
    }
    let limit =
      Double((1 << Self.integerBits) - 1) * Double(1 << (31 - Self.integerBits))
      / Double(1 << Int(multiplier.shift))
    radius = Int32(min(limit.rounded(.down), Double(Int32.max)))
  }

  /// `x`, from which the zero point is subtracted, in Q4.27; nil beyond the radius.
  func value(_ x: Int32) -> Int32? {
    abs(x) >= radius ? nil : requantize(x, multiplier)
  }
}

extension GemmlowpFixedPoint {
  /// 1 / (1 + exp(−x)) in Q0.31 for x in Q4.27.
  static func logistic(_ x: Int32) -> Int32 {
    if x == 0 { return 1 << 30 }
    let ofMagnitude = reciprocalOfOnePlus(
      exponential(-abs(x), integerBits: FixedPointInput.integerBits))
    return x > 0 ? ofMagnitude : .max - ofMagnitude
  }

  /// tanh(x) in Q0.31 for x in Q4.27.
  static func tanh(_ x: Int32) -> Int32 {
    if x == 0 { return 0 }
    // (1 − e) / (1 + e) with e = exp(−2 |x|); Q4.27 times two is Q5.26.
    let e = exponential(-abs(x), integerBits: FixedPointInput.integerBits + 1)
    let ofMagnitude = saturatingShiftLeft(twiceReciprocalOfOnePlus(e) - (1 << 29), 2)
    return x > 0 ? ofMagnitude : -ofMagnitude
  }
}
