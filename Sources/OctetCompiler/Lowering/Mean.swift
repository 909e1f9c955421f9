import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerMean(_ index: Int, axes: [Int]) throws(CompilerError) {
    let node = graph.nodes[index]
    let shape = graph.tensors[node.inputs[0]].shape
    let count = axes.reduce(1) { $0 * shape[$1] }
    guard count > 0 else { throw .invalid(node: node.name, reason: "its input is empty") }
    try appendMean(
      node, axes,
      Mean.multiplier(
        Double(scale(node.inputs[0])) / Double(scale(node.outputs[0])), dividedBy: count,
        roundsOnce: graph.metadata.roundsOnce))
  }

  /// A mean that is not divided.
  mutating func lowerSum(_ index: Int, axes: [Int]) throws(CompilerError) {
    let node = graph.nodes[index]
    try appendMean(
      node, axes,
      FixedPointMultiplier(
        Double(scale(node.inputs[0])) / Double(scale(node.outputs[0])),
        roundsOnce: graph.metadata.roundsOnce))
  }

  private mutating func appendMean(
    _ node: Node, _ axes: [Int], _ by: FixedPointMultiplier
  ) throws(CompilerError) {
    var mask = 0
    for axis in try fourAxes(axes, of: node.inputs[0], node) { mask |= 1 << axis }
    try append(
      .mean, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [.value(mask), .value(Int(by.multiplier)), .value(Int(by.shift))])
  }
}

extension Mean {
  /// `factor`, which is `input scale / output scale`, divided by `count` ≥ 1: in two steps as
  /// TensorFlow Lite, or as one factor.
  static func multiplier(
    _ factor: Double, dividedBy count: Int, roundsOnce: Bool
  ) -> FixedPointMultiplier {
    roundsOnce
      ? FixedPointMultiplier(factor / Double(count), roundsOnce: true)
      : multiplier(FixedPointMultiplier(factor), dividedBy: count)
  }
}
