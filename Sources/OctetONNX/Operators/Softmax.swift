import OctetModel

extension ONNXOperator {
  static let softmax = ONNXOperator(
    "Softmax", "LogSoftmax",
    read: { (importer, node) throws(ImportFailure) in try importer.softmax(node) })
}

extension ONNXImporter {
  mutating func softmax(_ view: ONNXNodeView) throws(ImportFailure) {
    let rank = try view.input(0).rank
    try softmax(view, axis: try view.axis(try view.integer("axis", -1), rank: rank))
  }

  mutating func softmax(_ view: ONNXNodeView, axis: Int) throws(ImportFailure) {
    let x = try view.input(0)
    try emit(
      view, softmaxOperation(view, axis: x.layout.tensorAxis(axis, rank: x.rank)),
      [try tensor(x, x.layout)], x.layout)
  }

  func softmaxOperation(_ view: ONNXNodeView, axis: Int) -> Operation {
    view.operatorName == "Softmax" ? .softmax(axis: axis, beta: 1) : .logSoftmax(axis: axis)
  }
}

extension ONNXExporter {
  mutating func softmax(_ node: Node, _ axis: Int, _ beta: Float) throws(ImportFailure) {
    let layout = addressable(node.inputs[0])
    var source = value(node.inputs[0], layout)
    if beta != 1 {
      let factor = initializer(node.name + "/beta", ONNXValue(shape: [], reals: [beta]))
      let scaled = freshValue(node.name + "/scaled")
      addNode("Mul", freshNode(scaled), [source, factor], [scaled])
      source = scaled
    }
    addNode(
      "Softmax", node.name, [source], [make(node.outputs[0], layout)],
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }

  mutating func logSoftmax(_ node: Node, _ axis: Int) {
    let layout = addressable(node.inputs[0])
    let source = value(node.inputs[0], layout)
    addNode(
      "LogSoftmax", node.name, [source], [make(node.outputs[0], layout)],
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }
}
