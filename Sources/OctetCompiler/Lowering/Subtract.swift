import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerSubtract(_ index: Int, _ activation: Activation) throws(CompilerError) {
    try appendSum(.subtract, graph.nodes[index], activation)
  }
}
