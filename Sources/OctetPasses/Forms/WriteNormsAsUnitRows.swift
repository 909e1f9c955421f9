import OctetModel

extension Graph {
  /// Writes normalizations along the last axis, `x · f(Σ x²)` with f(s) going as 1 / √s, as rows
  /// over their length times a number: that is one operator, which has the sum of a row exactly,
  /// where the parts have it, and its root, in 8 bits, the same for rows of all sizes.
  ///
  /// What f adds to s, the epsilon of a layer normalization, is left out: rows with sums of its
  /// size get other values. Works on a simplified graph without grids.
  ///
  /// - Returns: whether there was such a normalization.
  package mutating func writeNormsAsUnitRows() -> Bool {
    let (producers, consumers) = (producers(), consumers())
    var forms: [Int: [Node]] = [:]
    for index in nodes.indices where nodes[index].operation == .matrixMultiply {
      guard let norm = rowNorm(index, producers, consumers) else { continue }
      let node = nodes[norm.product]
      let shape = tensors[norm.source].shape
      var form = Replacement(of: node)
      let unit = form.add(.l2Normalization, [norm.source], "unit", shape, to: &self)
      let factor = add(
        Tensor(name: "\(node.name)/length", shape: [1], constant: .float([norm.factor])))
      forms[norm.product] = form.ended(node.operation, [unit, factor])
    }
    if forms.isEmpty { return false }
    replaceNodes { _, index, _ in forms[index] }
    removeUnusedNodes()
    return true
  }

  private struct RowNorm {
    var source: TensorIndex
    /// The node that multiplies rows with the function of their sums of squares.
    var product: Int
    /// What the function is times the root of the sum.
    var factor: Float
  }

  /// - Parameter index: of a product of rows.
  private func rowNorm(_ index: Int, _ producers: [Int?], _ consumers: [[Int]]) -> RowNorm? {
    let views = nodes[index].inputs
    guard let first = views.compactMap({ producers[$0] }).first,
      views.allSatisfy({ view in
        producers[view].map { nodes[$0].operation.isReshape } == true && !outputs.contains(view)
      }), case let source = nodes[first].inputs[0],
      views.allSatisfy({ producers[$0].map { nodes[$0].inputs[0] } == source }),
      tensors[source].elementType == .float32, isFree(source),
      let count = tensors[source].shape.last, count > 1,
      case let rows = tensors[source].elementCount / count,
      tensors[views[0]].shape == [rows, 1, count], tensors[views[1]].shape == [rows, count, 1]
    else { return nil }
    let sums = nodes[index].outputs[0]
    var tensor = sums
    while consumers[tensor].count == 1, let next = consumers[tensor].first, isFree(tensor),
      !outputs.contains(tensor)
    {
      let node = nodes[next]
      if case .multiply = node.operation, Set(node.inputs) == [source, tensor],
        tensors[node.outputs[0]].shape == tensors[source].shape, isFree(node.outputs[0])
      {
        return lengthFactor(from: sums, to: tensor).map {
          RowNorm(source: source, product: next, factor: $0)
        }
      }
      guard node.operation.isElementwise || node.operation.keepsElementOrder,
        node.inputs.allSatisfy({ $0 == tensor || tensors[$0].floats?.count == 1 })
      else { return nil }
      tensor = node.outputs[0]
    }
    return nil
  }

  /// What a function of sums is times their root, where that is one number for large sums.
  private func lengthFactor(from sums: TensorIndex, to result: TensorIndex) -> Float? {
    guard let part = cut(from: [sums], to: [result]), let machine = try? FloatInterpreter(part)
    else { return nil }
    let count = tensors[sums].elementCount
    let factors = [1e4, 1e6, 1e8].map { (sum: Float) -> Float in
      machine.setInput(0, [Float](repeating: sum, count: count))
      machine.run()
      return (machine.value(of: part.outputs[0]).first ?? .nan) * sum.squareRoot()
    }
    guard let factor = factors.last, factor.isFinite, factor > 0,
      factors.allSatisfy({ abs($0 / factor - 1) < 1e-4 })
    else { return nil }
    return factor
  }
}
