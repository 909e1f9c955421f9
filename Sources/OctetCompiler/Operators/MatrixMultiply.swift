import OctetModel
import OctetPasses
import OctetRuntime

extension Lowering {
  /// A product of two activations, one of which may be read transposed.
  mutating func lowerMatrixMultiply(_ node: Node) throws(CompilerError) {
    var inputs = node.inputs
    // A vector is one column.
    var isTransposed = graph.tensors[inputs[1]].shape.count == 1
    if let before = producers[inputs[1]],
      graph.transposesForProducts(before, consumers: consumers)
    {
      inputs[1] = graph.nodes[before].inputs[0]
      isTransposed = true
    }
    let by = FixedPointMultiplier(
      Double(scale(inputs[0])) * Double(scale(inputs[1])) / Double(scale(node.outputs[0])),
      in: graph.arithmetic)
    // |Σ| ≤ 255² · depth < 2¹⁶ · depth must stay below 2³¹, also after the left shift where
    // TensorFlow Lite's wrapping is not the model's own.
    let depth = graph.tensors[inputs[0]].shape.last ?? 1
    guard depth < 1 << 15 else {
      throw .invalid(node: node.name, reason: "it adds up \(depth) products, more than 32,767")
    }
    let left = graph.arithmetic == .onnx ? max(0, Int(by.shift)) : 0
    guard depth << left < 1 << 15 else {
      throw .invalid(node: node.name, reason: "its output scale is far too small for its inputs")
    }
    typealias Word = MatrixMultiply.Word
    try append(
      .matrixMultiply, node, inputs: inputs,
      words(by, Word.multiplier, Word.shift) + [.isTransposed: .value(isTransposed ? 1 : 0)])
  }
}

extension BlobReader {
  /// A product of two activations, and before it what makes its second operand's columns its rows.
  mutating func readMatrixMultiply(_ view: OperatorView) {
    var inputs = [view.inputTensorIndex(0), view.inputTensorIndex(1)]
    var swapped = input(view, 1)
    // A vector is one column as it is.
    if word(view, MatrixMultiply.Word.isTransposed) == 1, swapped.shape.count > 1 {
      let last = swapped.shape.count - 1
      var permutation = Array(swapped.shape.indices)
      permutation.swapAt(last - 1, last)
      swapped.name += "/transposed"
      swapped.shape.swapAt(last - 1, last)
      swapped.constant = nil
      let index = add(swapped)
      append(
        view, .transpose(permutation), suffix: "/transpose", inputs: [inputs[1]], outputs: [index])
      inputs[1] = index
    }
    append(view, .matrixMultiply, inputs: inputs, outputs: [view.outputTensorIndex(0)])
  }
}
