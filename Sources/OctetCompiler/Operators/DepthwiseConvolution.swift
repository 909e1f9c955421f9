import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerDepthwiseConvolution(
    _ node: Node, _ attributes: ConvolutionAttributes
  ) throws(CompilerError) {
    if isInt16(node) { return try lowerDepthwiseConvolution16(node, attributes) }
    let weighted = try weightedOperation(node, axis: 3)
    let window = SlidingWindow(
      kernel: weighted.kernel, stride: attributes.stride, dilation: attributes.dilation,
      padding: attributes.padding)
    typealias Words = ParameterWords<DepthwiseConvolution.Word>
    let words: Words = window.words() + weighted.words(bias: weighted.foldedBias)
    try append(
      OperatorKind.depthwiseConvolution.suited(to: weighted), node, inputs: [node.inputs[0]],
      words + clampWords(attributes.activation, node))
  }
}

extension BlobReader {
  mutating func readDepthwiseConvolution(_ view: OperatorView) throws(CompilerError) {
    typealias Word = DepthwiseConvolution.Word
    let source = image(view)
    let y = output(view).shape.fourDimensions
    let window = window(view, Word.self, from: graph.tensors[source].shape, to: y)
    var attributes = ConvolutionAttributes()
    attributes.stride = window.stride
    attributes.dilation = window.dilation
    attributes.padding = window.padding
    attributes.activation = activation(view, Word.self)
    let shape = [1, window.kernel.height, window.kernel.width, y[3]]
    append(
      view, .depthwiseConvolution(attributes),
      inputs: [source] + (try weights(view, Word.self, shape: shape, axis: 3)),
      outputs: [view.outputTensorIndex(0)])
  }
}

extension DepthwiseConvolution.Word: WindowWord, WeightWord, ClampWord {}
