import OctetModel

extension Graph {
  /// Writes means of squares, which normalizations divide by, as products of rows with themselves:
  /// the squares are added up in int32 instead of being rounded one by one, where the small ones
  /// are lost. What was a mean becomes a sum, and its divisor a factor of the function after it.
  ///
  /// Rows are what the mean runs over: `[rows, 1, count] · [rows, count, 1]`. Only where nothing
  /// has a grid yet, and one function of numbers alone reads the mean. Outputs keep their values,
  /// but for the rounding of floats.
  package mutating func writeSquareMeansAsProducts() {
    let (old, producers, consumers) = (nodes, producers(), consumers())
    var removed = Set<Int>()
    var forms: [Int: [Node]] = [:]
    for (index, node) in old.enumerated() {
      guard case .mean(let axes, _) = node.operation, let square = producers[node.inputs[0]],
        old[square].operation == .multiply(.none),
        old[square].inputs[0] == old[square].inputs[1],
        let form = product(node, of: old[square].inputs[0], axes: axes.sorted(), consumers)
      else { continue }
      forms[index] = form
      removed.insert(square)
    }
    replaceNodes { _, index, _ in removed.contains(index) ? [] : forms[index] }
  }

  /// 32,767 products are the most that an accumulator holds.
  private static let productLimit = 32_767

  private mutating func product(
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
    var result = Replacement(of: node)
    let permutation = shape.indices.filter { !axes.contains($0) } + axes
    var ordered = source
    if permutation != Array(shape.indices) {
      ordered = result.add(
        .transpose(permutation), [source], "ordered", permutation.map { shape[$0] }, to: &self)
    }
    let rowCount = shape.elementCount / count
    func view(_ name: String, _ shape: [Int]) -> TensorIndex {
      result.add(.reshape(shape), [ordered], name, shape, to: &self)
    }
    let operands = [view("rows", [rowCount, 1, count]), view("columns", [rowCount, count, 1])]
    let products = result.add(
      .matrixMultiply, operands, "products", [rowCount, 1, 1], to: &self)
    let reduced = tensors[output].shape
    let sums = result.add(.reshape(reduced), [products], "sums", reduced, to: &self)
    let divisor = add(
      Tensor(name: "\(node.name)/count", shape: [1], constant: .float([1 / Float(count)])))
    return result.ended(.multiply(.none), [sums, divisor])
  }
}
