import OctetModel
import OctetRuntime

extension Lowering {
  /// A slice for each part.
  mutating func lowerSplit(_ index: Int, axis: Int, counts: [Int]) throws(CompilerError) {
    let node = graph.nodes[index]
    try requireOneScale(node)
    let rank = graph.tensors[node.inputs[0]].shape.count
    var begin = [Int](repeating: 0, count: rank)
    for (part, count) in counts.enumerated() {
      var slice = node
      slice.name = "\(node.name)/\(part)"
      try appendSlice(
        slice, output: node.outputs[part], begin: begin,
        stride: [Int](repeating: 1, count: rank))
      begin[axis] += count
    }
  }
}
