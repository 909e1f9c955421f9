import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerFullyConnected(
    _ node: Node, _ attributes: FullyConnectedAttributes
  ) throws(CompilerError) {
    if isInt16(node) { return try lowerFullyConnected16(node, attributes) }
    let weighted = try weightedOperation(node, axis: 0)
    try append(
      OperatorKind.fullyConnected.suited(to: weighted), node, inputs: [node.inputs[0]],
      [FullyConnected.Word.weightZeroPoint: .value(weighted.weightZeroPoint)]
        + weighted.words(bias: weighted.foldedBias) + clampWords(attributes.activation, node))
  }
}

extension BlobReader {
  /// The values of a row are the last dimension of the graph's input, which may take a reshape.
  mutating func readFullyConnected(_ view: OperatorView) throws(CompilerError) {
    typealias Word = FullyConnected.Word
    let (x, y) = (input(view), output(view))
    let channels = y.shape.last ?? 1
    let depth = x.elementCount / (y.elementCount / channels)
    var attributes = FullyConnectedAttributes()
    attributes.activation = activation(view, Word.self)
    attributes.keepsLeadingDimensions = y.shape.count != 2
    let constants = try weights(
      view, Word.self, shape: [channels, depth], axis: 0,
      zeroPoint: word(view, Word.weightZeroPoint))
    var source = view.inputTensorIndex(0)
    let shape: [Int] = y.shape.dropLast() + [depth]
    if x.shape != shape { source = reshaped(view, shape, suffix: "/flat", node: "/reshape") }
    append(
      view, .fullyConnected(attributes), inputs: [source] + constants,
      outputs: [view.outputTensorIndex(0)])
  }
}

extension FullyConnected.Word: WeightWord, ClampWord {}
