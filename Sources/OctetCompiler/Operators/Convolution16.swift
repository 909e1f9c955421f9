import OctetModel
import OctetRuntime

// Convolutions and fully connected layers of int16.

extension Lowering {
  mutating func lowerConvolution16(
    _ node: Node, _ attributes: ConvolutionAttributes
  ) throws(CompilerError) {
    typealias Word = Convolution16.Word
    let weighted: (words: ParameterWords<Word>, kernel: Extent) =
      try words16(node, axis: 0, attributes.activation)
    let window: ParameterWords<Word> = SlidingWindow(attributes, weighted.kernel).words()
    try append(
      .convolution16, node, inputs: [node.inputs[0]],
      window + weighted.words + [Word.groups: .value(attributes.groups)])
  }

  mutating func lowerDepthwiseConvolution16(
    _ node: Node, _ attributes: ConvolutionAttributes
  ) throws(CompilerError) {
    typealias Word = DepthwiseConvolution16.Word
    let weighted: (words: ParameterWords<Word>, kernel: Extent) =
      try words16(node, axis: 3, attributes.activation)
    let window: ParameterWords<Word> = SlidingWindow(attributes, weighted.kernel).words()
    try append(
      .depthwiseConvolution16, node, inputs: [node.inputs[0]], window + weighted.words)
  }

  mutating func lowerFullyConnected16(
    _ node: Node, _ attributes: FullyConnectedAttributes
  ) throws(CompilerError) {
    let weighted: (words: ParameterWords<FullyConnected16.Word>, kernel: Extent) =
      try words16(node, axis: 0, attributes.activation)
    try append(.fullyConnected16, node, inputs: [node.inputs[0]], weighted.words)
  }
}

extension SlidingWindow {
  fileprivate init(_ attributes: ConvolutionAttributes, _ kernel: Extent) {
    self.init(
      kernel: kernel, stride: attributes.stride, dilation: attributes.dilation,
      padding: attributes.padding)
  }
}

extension BlobReader {
  mutating func readConvolution16(_ view: OperatorView) throws(CompilerError) {
    typealias Word = Convolution16.Word
    let source = image(view)
    let (x, y) = (graph.tensors[source].shape, output(view).shape.fourDimensions)
    let window = window(view, Word.self, from: x, to: y)
    var attributes = ConvolutionAttributes(window, activation(view, Word.self))
    attributes.groups = word(view, Word.groups)
    let shape = [y[3], window.kernel.height, window.kernel.width, x[3] / attributes.groups]
    append(
      view, .convolution(attributes),
      inputs: [source] + (try weights16(view, Word.self, shape: shape, axis: 0)),
      outputs: [view.outputTensorIndex(0)])
  }

  mutating func readDepthwiseConvolution16(_ view: OperatorView) throws(CompilerError) {
    typealias Word = DepthwiseConvolution16.Word
    let source = image(view)
    let y = output(view).shape.fourDimensions
    let window = window(view, Word.self, from: graph.tensors[source].shape, to: y)
    let shape = [1, window.kernel.height, window.kernel.width, y[3]]
    append(
      view, .depthwiseConvolution(ConvolutionAttributes(window, activation(view, Word.self))),
      inputs: [source] + (try weights16(view, Word.self, shape: shape, axis: 3)),
      outputs: [view.outputTensorIndex(0)])
  }

  /// The values of a row are the last dimension of the graph's input, which may take a reshape.
  mutating func readFullyConnected16(_ view: OperatorView) throws(CompilerError) {
    typealias Word = FullyConnected16.Word
    let (x, y) = (input(view), output(view))
    let channels = y.shape.last ?? 1
    let depth = x.elementCount / (y.elementCount / channels)
    var attributes = FullyConnectedAttributes()
    attributes.activation = activation(view, Word.self)
    attributes.keepsLeadingDimensions = y.shape.count != 2
    let constants = try weights16(view, Word.self, shape: [channels, depth], axis: 0)
    var source = view.inputTensorIndex(0)
    let shape: [Int] = y.shape.dropLast() + [depth]
    if x.shape != shape { source = reshaped(view, shape, suffix: "/flat", node: "/reshape") }
    append(
      view, .fullyConnected(attributes), inputs: [source] + constants,
      outputs: [view.outputTensorIndex(0)])
  }
}

extension ConvolutionAttributes {
  fileprivate init(_ window: SlidingWindow, _ activation: Activation) {
    self.init()
    stride = window.stride
    dilation = window.dilation
    padding = window.padding
    self.activation = activation
  }
}
