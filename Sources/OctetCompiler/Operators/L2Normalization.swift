import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerL2Normalization(_ node: Node) throws(CompilerError) {
    guard graph.tensors[node.outputs[0]].quantization == node.operation.fixedOutputQuantization
    else {
      throw .invalid(
        node: node.name, reason: "its output must have scale 1/128 and zero point 0")
    }
    try append(.l2Normalization, node)
  }
}
