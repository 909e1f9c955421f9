import OctetModel

extension Graph {
  /// Means of squares, which normalizations divide by, as products of rows with themselves: the
  /// squares are added up in int32 instead of being rounded one by one, where the small ones are
  /// lost. What was a mean becomes a sum, and its divisor a factor of the function after it.
  ///
  /// Rows are what the mean runs over: `[rows, 1, count] · [rows, count, 1]`.
  mutating func writeVariancesAsProducts() {
    let (producers, consumers) = (producers(), consumers())
    var forms: [Int: [Node]] = [:]
    var removed = Set<Int>()
    for (index, node) in nodes.enumerated() {
      guard case .mean(let axes, _) = node.operation, let square = producers[node.inputs[0]],
        case .multiply(.none) = nodes[square].operation,
        nodes[square].inputs[0] == nodes[square].inputs[1],
        let form = varianceForm(node, of: nodes[square].inputs[0], axes: axes.sorted(), consumers)
      else { continue }
      forms[index] = form
      removed.insert(square)
    }
    nodes = nodes.indices.flatMap { index in
      removed.contains(index) ? [] : forms[index] ?? [nodes[index]]
    }
  }

  /// 32,767 products are the most that an accumulator holds.
  private static let productLimit = 32_767

  private mutating func varianceForm(
    _ node: Node, of source: TensorIndex, axes: [Int], _ consumers: [[Int]]
  ) -> [Node]? {
    let (squares, output) = (node.inputs[0], node.outputs[0])
    let shape = tensors[source].shape
    let count = axes.reduce(1) { $0 * shape[$1] }
    let readers = consumers[output]
    guard [source, squares, output].allSatisfy({ isFree($0) }), shape.count <= 4, count > 1,
      count <= Self.productLimit, consumers[squares].count == 1,
      !outputs.contains(squares), !outputs.contains(output), readers.count == 1,
      // The divisor goes into its table.
      nodes[readers[0]].operation.isElementwise,
      nodes[readers[0]].inputs.filter({ tensors[$0].constant == nil }) == [output],
      nodes[readers[0]].inputs.allSatisfy({ tensors[$0].floats.map { $0.count == 1 } ?? true })
    else { return nil }
    var result: [Node] = []
    func make(
      _ name: String, _ operation: Operation, _ inputs: [TensorIndex], _ shape: [Int]
    ) -> TensorIndex {
      let output = between(node, name, shape)
      result.append(
        Node(
          name: "\(node.name)/\(name)", operation: operation, inputs: inputs, outputs: [output]))
      return output
    }
    let permutation = shape.indices.filter { !axes.contains($0) } + axes
    var ordered = source
    if permutation != Array(shape.indices) {
      ordered = make(
        "ordered", .transpose(permutation), [source], permutation.map { shape[$0] })
    }
    let rowCount = shape.elementCount / count
    let rows = make("rows", .reshape([rowCount, 1, count]), [ordered], [rowCount, 1, count])
    let columns = make("columns", .reshape([rowCount, count, 1]), [ordered], [rowCount, count, 1])
    let products = make("products", .matrixMultiply, [rows, columns], [rowCount, 1, 1])
    let sums = make(
      "sums", .reshape(tensors[output].shape), [products], tensors[output].shape)
    let divisor = add(
      Tensor(name: "\(node.name)/count", shape: [1], constant: .float([1 / Float(count)])))
    result.append(
      Node(
        name: node.name, operation: .multiply(.none), inputs: [sums, divisor], outputs: [output]))
    return result
  }
}
