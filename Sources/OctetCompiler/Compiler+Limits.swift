import OctetModel
import OctetPasses
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
      let mayVanish = node.operation.traits.movesElements || node.operation.isConversion
      return !mayVanish && (isFloat || !node.operation.isElementwise)
    }
    guard operators.count <= BlobLimits.operatorCount else {
      throw .tooLarge(
        reason: "the model has \(operators.count) operators, a blob holds at most "
          + "\(BlobLimits.operatorCount); split the model, or leave layers out")
    }
    var weightCount = 0
    for node in simple.nodes {
      for tensor in (node.inputs + node.outputs).map({ simple.tensors[$0] }) {
        let limit = tensor.constant == nil ? BlobLimits.elementCount : BlobLimits.weightCount
        guard tensor.elementCount <= limit else {
          let what = tensor.constant == nil ? "tensor" : "layer's weights"
          throw .tooLarge(
            reason: "'\(tensor.name)' of node '\(node.name)' has \(tensor.elementCount) elements, "
              + "a blob's \(what) at most \(limit)")
        }
      }
    }
    for tensor in simple.tensors where tensor.constant != nil { weightCount += tensor.elementCount }
    guard weightCount <= BlobLimits.byteCount else {
      throw .tooLarge(
        reason: "the model has \(weightCount) weights, a blob at most \(BlobLimits.byteCount) bytes"
      )
    }
    let work = simple.nodes.reduce(0.0) { $0 + Double(simple.macCount(of: $1)) }
    let workLimit = Double(BlobLimits.workCount(dataByteCount: weightCount) << 8)
    guard work <= workLimit else {
      throw .tooLarge(
        reason: "an inference takes \(Int(work)) multiply-adds, a blob at most \(Int(workLimit)); "
          + "use smaller inputs or a smaller model")
    }
  }
}
