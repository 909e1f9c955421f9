import OctetModel
import OctetRuntime

extension Lowering {
  /// The smaller or the greater of two.
  mutating func lowerExtreme(_ kind: OperatorKind, _ node: Node) throws(CompilerError) {
    try requireOneScale(node)
    try append(kind, node)
  }
}
