import OctetModel
import OctetRuntime

// The input's zero point is not folded into the bias: where no tap falls nothing is added.

extension Lowering {
  mutating func lowerTransposedConvolution(
    _ node: Node, _ attributes: TransposedConvolutionAttributes
  ) throws(CompilerError) {
    let weighted = try weightedOperation(node, axis: 0)
    let window = SlidingWindow(
      kernel: weighted.kernel, stride: attributes.stride, dilation: attributes.dilation,
      padding: attributes.padding)
    let words: ParameterWords<TransposedConvolution.Word> =
      window.words() + weighted.words(bias: weighted.bias)
    try append(
      .transposedConvolution, node, inputs: [node.inputs[0]],
      words + [.groups: .value(attributes.groups)] + clampWords(attributes.activation, node))
  }
}

extension BlobReader {
  mutating func readTransposedConvolution(_ view: OperatorView) throws(CompilerError) {
    typealias Word = TransposedConvolution.Word
    let source = image(view)
    let (x, y) = (graph.tensors[source].shape, output(view).shape.fourDimensions)
    // Its windows lie in the output.
    let window = window(view, Word.self, from: y, to: x)
    var attributes = TransposedConvolutionAttributes(
      outputExtent: Extent(height: y[1], width: y[2]))
    attributes.groups = word(view, Word.groups)
    attributes.stride = window.stride
    attributes.dilation = window.dilation
    attributes.padding = window.padding
    attributes.activation = activation(view, Word.self)
    let shape = [y[3], window.kernel.height, window.kernel.width, x[3] / attributes.groups]
    let constants = try weights(view, Word.self, shape: shape, axis: 0, foldsBias: false)
    append(
      view, .transposedConvolution(attributes), inputs: [source] + constants,
      outputs: [view.outputTensorIndex(0)])
  }
}

extension TransposedConvolution.Word: WindowWord, WeightWord, ClampWord {}
