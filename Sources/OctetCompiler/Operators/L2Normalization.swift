import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerL2Normalization(_ node: Node) throws(CompilerError) {
    let grid = graph.tensors[node.outputs[0]].quantization
    guard let grid, grid.axis == nil, grid.zeroPoints == [0], let scale = grid.scales.first,
      scale.significand == 1, (-15 ... -7).contains(scale.exponent)
    else {
      throw .invalid(
        node: node.name,
        reason: "its output must have zero point 0 and a scale that is a power of two, 1/128 or "
          + "down to 1/32768")
    }
    try append(.l2Normalization, node)
  }
}
