import OctetModel

extension ONNXOperator {
  static let transpose = ONNXOperator(
    "Transpose",
    read: { (importer, node) throws(ImportFailure) in try importer.transpose(node) })
}

extension ONNXImporter {
  /// No work when the result only sees the same tensor in another layout.
  mutating func transpose(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let permutation = try view.integers("perm") ?? Array((0..<x.rank).reversed())
    guard permutation.sorted() == Array(0..<x.rank) else {
      throw .invalid("perm \(permutation) is no order of \(x.rank) axes")
    }
    var isFlattened = false
    if case .flattened = x.layout { isFlattened = true }
    if !isFlattened, x.rank >= 3, case .tensor(var held) = x.source {
      let back = ONNXLayout.inverse(permutation)
      let seen = x.layout.permutation(rank: x.rank).map { back[$0] }
      for layout in [ONNXLayout.plain, .channelsLast]
      where seen == layout.permutation(rank: x.rank) {
        if x.layout == .line {
          held = try reshape(held, ONNXLayout.channelsLast.tensorShape(x.shape))
        }
        return define(view, held, layout, movedFrom: x)
      }
    }
    let source = try tensor(x, .plain)
    try emit(view, .transpose(permutation), [source], .plain, movedFrom: x)
  }
}
