import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerSlice(
    _ index: Int, begin: [Int], stride: [Int]
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    try requireOneScale(node)
    try appendSlice(node, output: node.outputs[0], begin: begin, stride: stride)
  }

  mutating func appendSlice(
    _ node: Node, output: TensorIndex, begin: [Int], stride: [Int]
  ) throws(CompilerError) {
    var (begins, strides) = ([0, 0, 0, 0], [1, 1, 1, 1])
    let axes = Array(begin.indices)
    let four = try fourAxes(axes, of: node.inputs[0], node) { begin[$0] == 0 }
    for (axis, four) in zip(axes, four) where four >= 0 {
      begins[four] = begin[axis]
      // The stride of a single element says nothing, and may be anything.
      strides[four] = graph.tensors[output].shape[axis] == 1 ? 1 : stride[axis]
    }
    try append(
      .slice, node, inputs: [node.inputs[0]], output: output,
      (begins + strides).map { .value($0) })
  }
}
