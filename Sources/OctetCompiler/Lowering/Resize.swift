import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerResize(
    _ index: Int, _ attributes: ResizeAttributes
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    try requireOneScale(node)
    let shape = graph.tensors[node.inputs[0]].shape
    guard shape.count == 4, shape[0] == attributes.outputShape[0],
      shape[3] == attributes.outputShape[3]
    else {
      throw .invalid(node: node.name, reason: "only height and width can be resized")
    }
    guard attributes.outputShape[1...2].allSatisfy({ $0 <= 1 << 16 }) else {
      throw .invalid(node: node.name, reason: "it resizes to more than 65,536 rows or columns")
    }
    let roundsOnce = graph.metadata.roundsOnce
    let tables = [1, 2].map { axis -> LoweredOperator.Parameter in
      let table = ResizeTable(
        input: shape[axis], output: attributes.outputShape[axis],
        scale: attributes.scales[axis], coordinates: attributes.coordinates)
      return .words(
        attributes.method == .nearest
          ? table.nearest(attributes.rounding) : table.bilinear(roundsOnce: roundsOnce))
    }
    try append(
      attributes.method == .nearest ? .resizeNearest : .resizeBilinear, node,
      inputs: [node.inputs[0]], output: node.outputs[0], tables)
  }
}
