import OctetModel
import OctetRuntime

extension Lowering {
  /// Both inputs are brought to twice the larger scale, with 7 more bits.
  mutating func lowerSquaredDifference(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    let scales = node.inputs.map { Double(scale($0)) }
    let twice = 2 * max(scales[0], scales[1])
    let factors =
      scales.map { $0 / twice } + [
        twice * twice
          / (Double(1 << (2 * SquaredDifference.leftShift)) * Double(scale(node.outputs[0])))
      ]
    try append(
      .squaredDifference, node, inputs: node.inputs, output: node.outputs[0],
      factors.map { FixedPointMultiplier($0) }.flatMap {
        [.value(Int($0.multiplier)), .value(Int($0.shift))]
      })
  }
}
