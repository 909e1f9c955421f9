import OctetModel
import OctetRuntime

extension Lowering {
  /// A reshape before fully connected nodes needs no operator: they read the same elements in the
  /// same order.
  mutating func lowerReshape(_ index: Int) throws(CompilerError) {
    let node = graph.nodes[index]
    let onlyFeedsFullyConnected = consumers[node.outputs[0]].allSatisfy {
      if case .fullyConnected = graph.nodes[$0].operation { true } else { false }
    }
    guard onlyFeedsFullyConnected, !graph.outputs.contains(node.outputs[0]) else {
      throw .invalid(node: node.name, reason: "reshape has no operator here")
    }
    try alias(node.outputs[0], to: node.inputs[0])
  }
}
