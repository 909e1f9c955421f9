import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerConcatenation(
    _ node: Node, axis: Int, _ activation: Activation
  ) throws(CompilerError) {
    guard activation == .none else {
      throw .invalid(node: node.name, reason: "an activation fused into it has no operator")
    }
    guard node.inputs.count <= 255 else {
      throw .invalid(
        node: node.name, reason: "it joins \(node.inputs.count) tensors, more than 255")
    }
    try requireOneScale(node)
    let axis = try fourAxes([axis], of: node.inputs[0], node)[0]
    try append(.concatenation, node, [Concatenation.Word.axis: .value(axis)])
  }
}

extension BlobReader {
  mutating func readConcatenation(_ view: OperatorView) {
    let axis = word(view, Concatenation.Word.axis) - firstAxis(view)
    append(view, .concatenation(axis: axis, activation: .none))
  }
}
