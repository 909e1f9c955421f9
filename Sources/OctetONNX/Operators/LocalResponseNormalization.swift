import OctetModel

extension ONNXOperator {
  static let localResponseNormalization = ONNXOperator(
    "LRN", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.localResponseNormalization(node)
    })
}

extension ONNXImporter {
  mutating func localResponseNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let layout: ONNXLayout = x.rank < 3 ? .plain : .spatial(rank: x.rank)
    try emit(
      view,
      .localResponseNormalization(
        size: try view.integer("size"), alpha: try view.float("alpha", 1e-4),
        beta: try view.float("beta", 0.75), bias: try view.float("bias", 1)),
      [try tensor(x, layout)], layout)
  }
}

extension ONNXExporter {
  mutating func normalizeLocally(
    _ node: Node, _ size: Int, _ alpha: Float, _ beta: Float, _ bias: Float
  ) {
    addNode(
      "LRN", node.name, [image(node.inputs[0])], [makeImage(node)],
      [
        ("size", .integer(Int64(size))), ("alpha", .float(alpha)), ("beta", .float(beta)),
        ("bias", .float(bias)),
      ])
  }
}
