import OctetModel

extension ONNXOperator {
  static let extremum = ONNXOperator(
    "ArgMax", "ArgMin",
    read: { (importer, node) throws(ImportFailure) in try importer.extremum(node) })
}

extension ONNXImporter {
  /// ArgMax and ArgMin.
  mutating func extremum(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let axis = try view.axis(try view.integer("axis"), rank: x.rank)
    let keeps = try view.integer("keepdims", 1) != 0
    let layout = reductionLayout(x, axes: [axis], keeps: keeps)
    let attributes = ExtremumAttributes(
      axis: layout.tensorAxis(axis, rank: x.rank), keepsDimensions: keeps,
      isMinimum: view.operatorName == "ArgMin",
      takesLast: try view.integer("select_last_index") != 0)
    try reduce(view, x, axes: [axis], keeps: keeps, .extremum(attributes))
  }
}

extension ONNXExporter {
  mutating func extremum(_ node: Node, _ attributes: ExtremumAttributes) {
    let source = value(node.inputs[0], .plain)
    addNode(
      attributes.isMinimum ? "ArgMin" : "ArgMax", node.name, [source],
      [make(node.outputs[0], .plain)],
      [
        ("axis", .integer(Int64(attributes.axis))),
        ("keepdims", .integer(attributes.keepsDimensions ? 1 : 0)),
        ("select_last_index", .integer(attributes.takesLast ? 1 : 0)),
      ])
  }
}
