import OctetModel

extension ONNXOperator {
  static let split = ONNXOperator(
    "Split", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.split(node) })
}

extension ONNXImporter {
  mutating func split(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    let axis = try view.axis(try view.integer("axis"), rank: x.rank)
    let outputs = view.node.outputs
    var counts = try view.integersInput(1)?.map(\.ordinary)
    if counts == nil {
      let parts = try view.integer("num_outputs", outputs.count)
      guard parts == outputs.count, parts > 0 else { throw .invalid("it has \(parts) parts") }
      let size = (x.shape[axis] + parts - 1) / parts
      counts = (0..<parts).map { max(0, min(size, x.shape[axis] - $0 * size)) }
    }
    guard let counts, counts.count == outputs.count else {
      throw .invalid("the parts do not fit its \(outputs.count) outputs")
    }
    let layout = addressable(x)
    let names = outputs.enumerated().map { $1.isEmpty ? "\(view.name)/unused\($0)" : $1 }
    let results = try emit(
      .split(axis: layout.tensorAxis(axis, rank: x.rank), counts: counts), name: view.name,
      inputs: [try tensor(x, layout)], outputs: names)
    for (index, tensor) in results.enumerated() where !outputs[index].isEmpty {
      define(view, at: index, tensor, layout, movedFrom: x)
    }
  }
}

extension ONNXExporter {
  mutating func split(_ node: Node, _ axis: Int, _ counts: [Int]) {
    let (layout, source, outputs) = ends(of: node)
    let inputs = [source, list(node.name + "/split", counts)]
    addNode(
      "Split", node.name, inputs, outputs,
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }
}
