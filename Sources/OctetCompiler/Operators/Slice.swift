import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerSlice(
    _ node: Node, begin: [Int], stride: [Int]
  ) throws(CompilerError) {
    try requireOneScale(node)
    try appendSlice(node, output: node.outputs[0], begin: begin, stride: stride)
  }

  /// A slice for each part.
  mutating func lowerSplit(_ node: Node, axis: Int, counts: [Int]) throws(CompilerError) {
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

  private mutating func appendSlice(
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
    typealias Word = Slice.Word
    try append(
      .slice, node, output: output,
      words(begins, from: Word.beginBatch) + words(strides, from: Word.strideBatch))
  }
}

extension BlobReader {
  mutating func readSlice(_ view: OperatorView) {
    append(
      view,
      .slice(
        begin: words(view, from: Slice.Word.beginBatch),
        count: Array(output(view).shape.fourDimensions[firstAxis(view)...]),
        stride: words(view, from: Slice.Word.strideBatch)))
  }
}
