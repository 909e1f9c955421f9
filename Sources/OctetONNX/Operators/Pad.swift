import OctetModel

extension ONNXOperator {
  static let pad = ONNXOperator(
    "Pad", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.pad(node) })
}

extension ONNXImporter {
  mutating func pad(_ view: ONNXNodeView) throws(ImportFailure) {
    let x = try view.input(0)
    guard let given = try view.integersInput(1)?.map(\.ordinary) else {
      throw .invalid("the pads are missing")
    }
    var axes = Array(0..<x.rank)
    if let chosen = try view.integersInput(3)?.map(\.ordinary) {
      axes = try view.axes(chosen, rank: x.rank)
    }
    guard given.count == 2 * axes.count else { throw .invalid("\(given.count) pads do not fit") }
    var value = try view.realsInput(2)?.first ?? 0
    if !x.elementType.isReal, case .tensor(let held) = x.source,
      let grid = graph.tensors[held].quantization
    {
      // The integer stands for a real number.
      value -= Float(x.elementType.shift) + Float(grid.zeroPoints[0])
      value *= grid.scales[0]
    }
    let mode: PadMode
    switch try view.string("mode", "constant") {
    case "constant": mode = .constant(value)
    case "reflect": mode = .reflect
    case "edge": mode = .edge
    case "wrap": mode = .wrap
    case let other: throw .unsupported("the mode '\(other)' is not known; use constant padding")
    }
    var before = [Int](repeating: 0, count: x.rank)
    var after = before
    for (k, axis) in axes.enumerated() {
      before[axis] = given[k]
      after[axis] = given[k + axes.count]
    }
    let layout = addressable(x)
    try emit(
      view,
      .pad(
        before: spread(before, layout, absent: 0), after: spread(after, layout, absent: 0),
        mode: mode), [try tensor(x, layout)], layout, movedFrom: x)
  }
}

extension ONNXExporter {
  mutating func pad(
    _ node: Node, _ before: [Int], _ after: [Int], _ mode: PadMode
  ) throws(ImportFailure) {
    let (layout, source, outputs) = ends(of: node)
    let pads = list(node.name + "/pads", fileOrder(before, layout) + fileOrder(after, layout))
    var inputs = [source, pads]
    let text: String
    switch mode {
    case .constant(let value):
      let type = ONNXElementType(graph.tensors[node.inputs[0]].elementType)
      inputs.append(
        initializer(
          node.name + "/value",
          type.isReal
            ? ONNXValue(shape: [], reals: [value])
            : ONNXValue(shape: [], integers: [Int64(value)], elementType: type)))
      text = "constant"
    case .reflect: text = "reflect"
    case .edge: text = "edge"
    case .wrap: throw .unsupported("padding by repetition is not written")
    }
    addNode("Pad", node.name, inputs, outputs, [("mode", .string(text))])
  }
}
