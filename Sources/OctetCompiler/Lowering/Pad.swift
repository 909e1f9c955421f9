import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerPad(
    _ index: Int, before: [Int], after: [Int], _ mode: PadMode
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    guard case .constant(let value) = mode,
      let code = graph.tensors[node.outputs[0]].quantization?.code(value, ties: .awayFromZero)
    else {
      throw .invalid(node: node.name, reason: "only padding with a constant has an operator")
    }
    try requireOneScale(node)
    var amounts = [0, 0, 0, 0]
    let axes = Array(before.indices)
    for (axis, four) in zip(
      axes,
      try fourAxes(
        axes, of: node.inputs[0], node,
        skipping: {
          before[$0] == 0 && after[$0] == 0
        })) where four >= 0
    { amounts[four] = before[axis] }
    try append(
      .pad, node, inputs: [node.inputs[0]], output: node.outputs[0],
      amounts.map { .value($0) } + [.value(Int(code))])
  }
}
