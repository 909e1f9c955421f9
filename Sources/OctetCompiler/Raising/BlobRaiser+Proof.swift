import OctetModel
import OctetRuntime

extension BlobRaiser {
  /// Lowers the graph again and compares every operator with the blob's.
  func prove() throws(CompilerError) {
    do {
      try graph.validate()
    } catch {
      throw .unsupported([error.description])
    }
    let lowered = try Lowering.lower(graph)
    guard lowered.operators.count == model.operatorCount else {
      throw .unsupported(["the blob's operators are not those of any graph that Octet knows"])
    }
    for (index, twin) in lowered.operators.enumerated() {
      let view = model.operator(index)
      guard twin.kind == view.kind, twin.inputs.count == view.inputCount,
        twin.parameters.count == view.parameterCount,
        twin.parameters.indices.allSatisfy({ isSame(twin.parameters[$0], view, $0) })
      else {
        throw .invalid(
          node: name(view), reason: "its parameters are not those of any operation of a graph")
      }
    }
  }

  private func isSame(
    _ parameter: LoweredOperator.Parameter, _ view: OperatorView, _ index: Int
  ) -> Bool {
    switch parameter {
    case .value(let value): value == word(view, index)
    case .weights(let values), .bytes(let values):
      values == int8s(view, index, count: values.count)
    case .biases(let values), .words(let values):
      values == int32s(view, index, count: values.count)
    }
  }
}
