import OctetModel
import OctetQuantization
import OctetRuntime

extension Compiler {
  /// Refuses a float graph that no blob can hold, before hours are spent on calibrating it.
  ///
  /// What passes may still turn out too large: the limits are those of what is compiled.
  ///
  /// - Throws: `tooLarge` with the number and the published limit.
  public static func requireRoom(for graph: Graph) throws(CompilerError) {
    let simple = graph.simplified()
    let isFloat = graph.tensors.allSatisfy { $0.quantization == nil }
    // These may go without an operator of their own; all others have at least one.
    let operators = simple.nodes.filter { node in
      switch node.operation {
      case .reshape, .identity, .maxPool, .transpose, .quantize, .dequantize: false
      default: isFloat || !node.operation.isElementwise
      }
    }
    guard operators.count <= BlobLimits.operatorCount else {
      throw .tooLarge(
        reason: "the model has \(operators.count) operators, a blob holds at most "
          + "\(BlobLimits.operatorCount); split the model, or leave layers out")
    }
    var weightCount = 0
    for node in simple.nodes {
      for tensor in (node.inputs + node.outputs).map({ simple.tensors[$0] }) {
        guard tensor.elementCount <= BlobLimits.elementCount else {
          throw .tooLarge(
            reason: "'\(tensor.name)' of node '\(node.name)' has \(tensor.elementCount) elements, "
              + "a blob's tensors hold at most \(BlobLimits.elementCount)")
        }
      }
    }
    for tensor in simple.tensors where tensor.constant != nil { weightCount += tensor.elementCount }
    guard weightCount <= BlobLimits.byteCount else {
      throw .tooLarge(
        reason: "the model has \(weightCount) weights, a blob at most \(BlobLimits.byteCount) bytes"
      )
    }
    let work = simple.nodes.reduce(0.0) { $0 + simple.multiplyAdds(of: $1) }
    guard work <= workLimit else {
      throw .tooLarge(
        reason: "an inference takes \(Int(work)) multiply-adds, a blob at most \(Int(workLimit)); "
          + "use smaller inputs or a smaller model")
    }
  }
}

extension Graph {
  fileprivate func multiplyAdds(of node: Node) -> Double {
    guard let output = node.outputs.first, node.inputs.count > 1 else { return 0 }
    let made = Double(tensors[output].elementCount)
    let weights = Double(tensors[node.inputs[1]].elementCount)
    switch node.operation {
    case .convolution, .depthwiseConvolution, .fullyConnected:
      return made * weights / Double(max(tensors[output].shape.last ?? 1, 1))
    case .matrixMultiply: return made * Double(tensors[node.inputs[0]].shape.last ?? 1)
    default: return 0
    }
  }
}
