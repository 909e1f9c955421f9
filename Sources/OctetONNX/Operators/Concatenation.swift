import OctetModel

extension ONNXOperator {
  static let concatenation = ONNXOperator(
    "Concat", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.concatenation(node) })
}

extension ONNXImporter {
  mutating func concatenation(_ view: ONNXNodeView) throws(ImportFailure) {
    var operands: [ImportedValue] = []
    for index in view.inputs.indices { operands.append(try view.input(index)) }
    guard let first = operands.first else { throw .invalid("it has no inputs") }
    let axis = try view.axis(try view.integer("axis"), rank: first.rank)
    if let wrong = operands.first(where: { $0.rank != first.rank }) {
      throw .invalid("'\(wrong.name)' has \(wrong.rank) dimensions, the first \(first.rank)")
    }
    var layout = ONNXLayout.plain
    for operand in operands where operand.constant == nil {
      if operand.layout == .channelsLast || operand.layout == .line { layout = operand.layout }
    }
    var inputs: [TensorIndex] = []
    for operand in operands { inputs.append(try tensor(operand, layout)) }
    let result = try emit(
      .concatenation(axis: layout.tensorAxis(axis, rank: first.rank), activation: .none),
      name: view.name, inputs: inputs, output: view.node.outputs[0])
    let isOneGrid =
      Set(inputs.map { graph.tensors[$0].quantization?.scales }).count == 1
      && Set(inputs.map { graph.tensors[$0].quantization?.zeroPoints }).count == 1
    if !isOneGrid { for operand in operands { try requireOwnElements(operand) } }
    define(view, result, layout, movedFrom: first)
  }
}

extension ONNXExporter {
  mutating func concatenation(
    _ node: Node, _ axis: Int, _ activation: Activation
  ) throws(ImportFailure) {
    guard activation == .none else { throw .unsupported("its fused activation is not written") }
    let isImage = node.inputs.contains { self.layout(of: $0) == .channelsLast }
    let layout: ONNXLayout = isImage ? .channelsLast : .plain
    var inputs: [String] = []
    for input in node.inputs { inputs.append(value(input, layout)) }
    addNode(
      "Concat", node.name, inputs, [make(node.outputs[0], layout)],
      [("axis", .integer(Int64(fileAxis(axis, node, layout))))])
  }
}
