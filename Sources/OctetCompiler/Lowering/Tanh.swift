import OctetModel
import OctetRuntime

extension Lowering {
  /// tanh in fixed point: input in Q4.27, output (1/128, 0).
  mutating func lowerTanh(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    guard
      graph.tensors[node.outputs[0]].quantization == Quantization(scale: 1 / 128, zeroPoint: 0)
    else {
      throw .invalid(node: node.name, reason: "its output must have scale 1/128, zero point 0")
    }
    let input = try FixedPointInput(scale: scale(node.inputs[0]), node: node)
    try appendLookup(node) {
      guard let x = input.value($0) else { return $0 < 0 ? -128 : 127 }
      return roundingShiftRight(GemmlowpFixedPoint.tanh(x), 31 - 7)
    }
  }
}
