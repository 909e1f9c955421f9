import OctetModel
import OctetRuntime

// Max and average pools keep scale and zero point, and have the same words but for how an average
// rounds.

extension Lowering {
  mutating func lowerPool(
    _ node: Node, _ kind: OperatorKind, _ attributes: PoolAttributes
  ) throws(CompilerError) {
    guard
      graph.tensors[node.inputs[0]].quantization == graph.tensors[node.outputs[0]].quantization
    else {
      throw .invalid(node: node.name, reason: "its input and output have different scales")
    }
    if attributes.countsPadding, attributes.padding != Padding() {
      throw .invalid(
        node: node.name, reason: "an average over padding has no operator; pad before the pool")
    }
    let window = SlidingWindow(
      kernel: attributes.kernel, stride: attributes.stride, dilation: attributes.dilation,
      padding: attributes.padding)
    var words: ParameterWords<Pool.Word> =
      window.words() + clampWords(attributes.activation, node)
    if kind == .averagePool {
      words[.roundsToEven] = .value(graph.arithmetic == .onnx ? 1 : 0)
    }
    try append(kind, node, words)
  }
}

extension BlobReader {
  mutating func readPool(
    _ view: OperatorView, _ operation: (PoolAttributes) -> Operation
  ) {
    let source = image(view)
    let window = window(
      view, Pool.Word.self, from: graph.tensors[source].shape,
      to: output(view).shape.fourDimensions)
    var attributes = PoolAttributes(kernel: window.kernel, stride: window.stride)
    attributes.dilation = window.dilation
    attributes.padding = window.padding
    attributes.activation = activation(view, Pool.Word.self)
    append(
      view, operation(attributes), inputs: [source], outputs: [view.outputTensorIndex(0)])
  }
}

extension Pool.Word: WindowWord, ClampWord {}
