import OctetModel
import OctetRuntime

// What operators that work along axes share.

extension Lowering {
  /// The runtime's axes, 0…3 of N, H, W, C, for those of a tensor with any number of dimensions; −1
  /// for an axis that the runtime does not have and that `isIdle`.
  func fourAxes(
    _ axes: [Int], of tensor: TensorIndex, _ node: Node,
    skipping isIdle: (Int) -> Bool = { _ in false }
  ) throws(CompilerError) -> [Int] {
    let rank = graph.tensors[tensor].shape.count
    var result: [Int] = []
    for (position, axis) in axes.enumerated() {
      let four = axis + 4 - rank
      guard four >= 0 || isIdle(position) && graph.tensors[tensor].shape[axis] == 1 else {
        throw .invalid(node: node.name, reason: "it works along axis \(axis) of \(rank)")
      }
      result.append(max(four, -1))
    }
    return result
  }

  /// Throws unless all operands have one scale and zero point, which the operator passes on.
  func requireOneScale(_ node: Node) throws(CompilerError) {
    let scales = (node.inputs + node.outputs).map { graph.tensors[$0].quantization }
    guard scales.allSatisfy({ $0 == scales[0] }) else {
      throw .invalid(
        node: node.name,
        reason: "its operands have different scales; quantize it so that they share one")
    }
  }
}
