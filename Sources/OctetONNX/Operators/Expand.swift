import OctetModel

extension ONNXOperator {
  static let expand = ONNXOperator(
    "Expand",
    read: { (importer, node) throws(ImportFailure) in try importer.expand(node) })

  static let tile = ONNXOperator(
    "Tile",
    read: { (importer, node) throws(ImportFailure) in try importer.tile(node) })
}

extension ONNXImporter {
  mutating func expand(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    guard let wanted = try view.integersInput(1)?.map(\.ordinary) else {
      throw .invalid("the shape is missing")
    }
    let rank = max(x.rank, wanted.count)
    guard rank <= Graph.maximumRank else { throw .invalid("the shape has too many dimensions") }
    let own = [Int](repeating: 1, count: rank - x.rank) + x.shape
    let asked = [Int](repeating: 1, count: rank - wanted.count) + wanted
    let shape = zip(own, asked).map { $1 == 1 ? $0 : $1 }
    try emit(view, .expand(shape), [try tensor(x, .plain)], .plain)
  }

  mutating func tile(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    try requireOwnElements(x)
    guard let counts = try view.integersInput(1)?.map(\.ordinary), counts.count == x.rank
    else {
      throw .invalid("the repeats are missing or do not fit \(x.shape)")
    }
    let layout = addressable(x)
    try emit(view, .tile(spread(counts, layout, absent: 1)), [try tensor(x, layout)], layout)
  }
}

extension ONNXExporter {
  /// An operator whose second operand is a list of sizes.
  mutating func sized(_ node: Node, _ operatorName: String, _ list: [Int]) {
    let source = value(node.inputs[0], .plain)
    let sizes = initializer(
      node.name + "/sizes", ONNXValue(shape: [list.count], integers: list.map { Int64($0) }))
    addNode(operatorName, node.name, [source, sizes], [make(node.outputs[0], .plain)])
  }
}
