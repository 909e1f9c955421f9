import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerPad(
    _ node: Node, before: [Int], after: [Int], _ mode: PadMode
  ) throws(CompilerError) {
    let output = graph.tensors[node.outputs[0]]
    guard case .constant(let value) = mode, let quantization = output.quantization else {
      throw .invalid(node: node.name, reason: "only padding with a constant has an operator")
    }
    let code = TieRule.awayFromZero.code(
      steps: Double(value / quantization.scales[0]), zeroPoint: quantization.zeroPoints[0],
      in: output.codeRange)
    try requireOneScale(node)
    var amounts = [0, 0, 0, 0]
    let axes = Array(before.indices)
    let four = try fourAxes(axes, of: node.inputs[0], node) { before[$0] == 0 && after[$0] == 0 }
    for (axis, four) in zip(axes, four) where four >= 0 { amounts[four] = before[axis] }
    try append(
      .pad, node, words(amounts, from: Pad.Word.beforeBatch) + [.value: .value(Int(code))])
  }
}

extension BlobReader {
  mutating func readPad(_ view: OperatorView) {
    let (x, y) = (input(view), output(view))
    let before = words(view, from: Pad.Word.beforeBatch)
    let shape = Array(y.shape.fourDimensions[firstAxis(view)...])
    let after = before.indices.map { shape[$0] - x.shape[$0] - before[$0] }
    let quantization = y.quantization ?? Quantization(scale: 1, zeroPoint: 0)
    let code = word(view, Pad.Word.value) - Int(quantization.zeroPoints[0])
    append(
      view,
      .pad(before: before, after: after, mode: .constant(Float(code) * quantization.scales[0])))
  }
}
