import OctetModel
import OctetPasses
import OctetRuntime

extension Lowering {
  /// A product of two activations, one of which may be read transposed.
  mutating func lowerMatrixMultiply(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
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
      roundsOnce: graph.metadata.roundsOnce)
    // |Σ| ≤ 255² · depth < 2¹⁶ · depth must stay below 2³¹, also after the left shift where
    // TensorFlow Lite's wrapping is not the model's own.
    let depth = graph.tensors[inputs[0]].shape.last ?? 1
    guard depth < 1 << 15 else {
      throw .invalid(node: node.name, reason: "it adds up \(depth) products, more than 32,767")
    }
    let left = graph.metadata.roundsOnce ? max(0, Int(by.shift)) : 0
    guard depth << left < 1 << 15 else {
      throw .invalid(node: node.name, reason: "its output scale is far too small for its inputs")
    }
    try append(
      .matrixMultiply, node, inputs: inputs, output: node.outputs[0],
      [
        .value(Int(by.multiplier)), .value(Int(by.shift)), .value(isTransposed ? 1 : 0),
      ])
  }
}
