import OctetModel

extension ONNXOperator {
  static let batchNormalization = ONNXOperator(
    "BatchNormalization", channels: .last,
    read: { (importer, node) throws(ImportFailure) in try importer.batchNormalization(node) })
}

extension ONNXImporter {
  mutating func batchNormalization(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try view.requireOutputs(1, "running statistics are for training; export for inference")
    guard x.rank >= 2 else { throw .invalid("x needs at least two dimensions") }
    let layout: ONNXLayout = x.rank == 2 ? .plain : .spatial(rank: x.rank)
    var operands = [try tensor(x, layout)]
    for index in 1...4 { operands.append(try tensor(try view.input(index), .plain)) }
    try emit(view, .batchNormalization(epsilon: try view.float("epsilon", 1e-5)), operands, layout)
  }
}

extension ONNXExporter {
  mutating func batchNormalization(_ node: Node, _ epsilon: Float) {
    var inputs = [image(node.inputs[0])]
    for input in node.inputs.dropFirst() { inputs.append(value(input, .plain)) }
    addNode(
      "BatchNormalization", node.name, inputs, [makeImage(node)], [("epsilon", .float(epsilon))])
  }
}
