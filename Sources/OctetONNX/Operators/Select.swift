import OctetModel

extension ONNXOperator {
  static let select = ONNXOperator(
    "Where", channels: .kept,
    read: { (importer, node) throws(ImportFailure) in try importer.choose(node) })
}

extension ONNXImporter {
  /// Where; that of a softplus and its argument, the same from some 9 on, is the softplus.
  mutating func choose(_ view: ONNXNodeView) throws(ImportFailure) {
    let operands = [try view.input(0), try view.input(1), try view.input(2)]
    if chooseSoftplus(operands) { return hold(operands[2], as: view.node.outputs[0]) }
    try broadcasting(view, .select, operands)
  }

  /// `a > t ? x : softplus(a) / β` with `a = β · x`, as PyTorch's exporter writes it.
  private func chooseSoftplus(_ operands: [ImportedValue]) -> Bool {
    guard case .tensor(let condition) = operands[0].source,
      case .tensor(let linear) = operands[1].source, case .tensor(var smooth) = operands[2].source,
      operands[1].layout == operands[2].layout, operands[1].shape == operands[2].shape,
      let comparison = producer(of: condition).map({ graph.nodes[$0] }),
      comparison.operation == .compare(.greater),
      let threshold = scalar(comparison.inputs[1]), threshold >= 9
    else { return false }
    var beta: Float = 1
    if let division = producer(of: smooth).map({ graph.nodes[$0] }),
      division.operation == .divide(.none), let divisor = scalar(division.inputs[1])
    {
      (beta, smooth) = (divisor, division.inputs[0])
    }
    let argument = comparison.inputs[0]
    guard let function = producer(of: smooth).map({ graph.nodes[$0] }),
      function.operation == .scalar(.softplus), function.inputs[0] == argument
    else { return false }
    if argument == linear { return beta == 1 }
    guard let product = producer(of: argument).map({ graph.nodes[$0] }),
      product.operation == .multiply(.none)
    else { return false }
    return product.inputs.contains(linear)
      && product.inputs.contains { scalar($0) == beta }
  }

  func scalar(_ tensor: TensorIndex) -> Float? {
    guard case .float(let values) = graph.tensors[tensor].constant, values.count == 1 else {
      return nil
    }
    return values[0]
  }
}
