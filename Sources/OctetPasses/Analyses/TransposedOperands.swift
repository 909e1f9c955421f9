import OctetModel

extension Graph {
  /// Whether node `index` does nothing but swap the last two axes of the second operand of products
  /// (`matrixMultiply`), which can read it as it was.
  ///
  /// - Parameter consumers: the graph's `consumers()`.
  package func transposesForProducts(_ index: Int, consumers: [[Int]]) -> Bool {
    let node = nodes[index]
    guard case .transpose(let permutation) = node.operation, permutation.count >= 2 else {
      return false
    }
    var swapped = Array(permutation.indices)
    swapped.swapAt(swapped.count - 2, swapped.count - 1)
    let (source, result) = (node.inputs[0], node.outputs[0])
    return permutation == swapped && !outputs.contains(result) && !consumers[result].isEmpty
      && tensors[source].quantization == tensors[result].quantization
      && consumers[result].allSatisfy { reader in
        guard case .matrixMultiply = nodes[reader].operation else { return false }
        return nodes[reader].inputs[0] != result
      }
  }
}
