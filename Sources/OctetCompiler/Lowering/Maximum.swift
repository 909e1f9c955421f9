import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerMaximum(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    try requireOneScale(node)
    try append(.maximum, node, inputs: node.inputs, output: node.outputs[0], [])
  }
}
