import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerMinimum(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    try requireOneScale(node)
    try append(.minimum, node, inputs: node.inputs, output: node.outputs[0], [])
  }
}
