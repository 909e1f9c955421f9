import OctetModel

extension ONNXOperator {
  static let identity = ONNXOperator(
    "Identity", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.alias(node) })

  static let dropout = ONNXOperator(
    "Dropout", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.dropout(node) })
}

extension ONNXImporter {
  /// The output is the input.
  mutating func alias(_ view: ONNXNodeView) throws(ImportFailure) {
    hold(try view.input(0), as: view.node.outputs[0])
  }

  /// Outside of training nothing is dropped.
  mutating func dropout(_ view: ONNXNodeView) throws(ImportFailure) {
    try alias(view)
    guard view.node.outputs.count > 1, !view.node.outputs[1].isEmpty else { return }
    let shape = try view.input(0).shape
    try spend(shape.elementCount)
    define(
      ONNXValue(
        shape: shape, integers: [Int64](repeating: 1, count: shape.elementCount),
        elementType: .bool),
      named: view.node.outputs[1])
  }
}
