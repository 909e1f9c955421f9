import OctetModel
import OctetPasses
import OctetRuntime

extension Lowering {
  mutating func lowerTranspose(_ index: Int, _ permutation: [Int]) throws(CompilerError) {
    if graph.transposesForProducts(index, consumers: consumers) { return }
    let node = graph.nodes[index]
    try requireOneScale(node)
    let shape = graph.tensors[node.inputs[0]].shape
    // Nothing moves when only axes of one element change places.
    let moving = permutation.filter { shape[$0] > 1 }
    if moving == moving.sorted() { return try lowerReshape(node) }
    let four = try fourAxes(permutation, of: node.inputs[0], node) { permutation[$0] == $0 }
    let kept = four.filter { $0 >= 0 }
    try append(
      .transpose, node, words(Array(0..<4 - kept.count) + kept, from: Transpose.Word.fromBatch))
  }
}

extension BlobReader {
  mutating func readTranspose(_ view: OperatorView) {
    let first = firstAxis(view)
    append(view, .transpose(words(view, from: Transpose.Word.fromBatch).map { $0 - first }))
  }
}
