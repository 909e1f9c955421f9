import OctetModel
import OctetRuntime

extension Lowering {
  /// Convolution, with the max pool that follows it when nothing else reads its result.
  mutating func lowerConvolution(
    _ index: Int, _ attributes: ConvolutionAttributes
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    if isInt16(node) { return try lowerConvolution16(node, attributes) }
    let weighted = try weightedOperation(node, axis: 0)
    let convolved = graph.tensors[node.outputs[0]].shape
    var pool = PoolAttributes(kernel: Extent(1), stride: Extent(1))
    var output = node.outputs[0]
    if !graph.canWrap(node: index), let fused = fusablePool(after: node) {
      pool = fused.attributes
      output = graph.nodes[fused.node].outputs[0]
      absorbed.insert(fused.node)
    }
    let clamp = clampRange(attributes.activation, output: node.outputs[0])
    let poolClamp = clampRange(pool.activation, output: output)
    let window = SlidingWindow(
      kernel: weighted.kernel, stride: attributes.stride, dilation: attributes.dilation,
      padding: attributes.padding)
    typealias Word = Convolution.Word
    try append(
      OperatorKind.convolution.suited(to: weighted), node, inputs: [node.inputs[0]], output: output,
      window.words() + weighted.words(bias: weighted.foldedBias) + [
        Word.groups: .value(attributes.groups),
        .height: .value(convolved[1]), .width: .value(convolved[2]),
        .poolHeight: .value(pool.kernel.height), .poolWidth: .value(pool.kernel.width),
        .poolStrideHeight: .value(pool.stride.height), .poolStrideWidth: .value(pool.stride.width),
        .lower: .value(max(clamp.lower, poolClamp.lower)),
        .upper: .value(min(clamp.upper, poolClamp.upper)),
      ])
  }

  /// The max pool without padding that alone reads the node's result, at the same scale.
  private func fusablePool(after node: Node) -> (node: Int, attributes: PoolAttributes)? {
    guard let next = onlyConsumer(of: node.outputs[0]),
      case .maxPool(let pool) = graph.nodes[next].operation,
      pool.padding == Padding(), pool.dilation == Extent(1),
      graph.tensors[node.outputs[0]].quantization
        == graph.tensors[graph.nodes[next].outputs[0]].quantization
    else { return nil }
    return (next, pool)
  }
}

extension BlobReader {
  mutating func readConvolution(_ view: OperatorView) throws(CompilerError) {
    typealias Word = Convolution.Word
    let source = image(view)
    let (x, y) = (graph.tensors[source].shape, output(view).shape.fourDimensions)
    let convolved = [y[0], word(view, Word.height), word(view, Word.width), y[3]]
    let window = window(view, Word.self, from: x, to: convolved)
    var attributes = ConvolutionAttributes()
    attributes.groups = word(view, Word.groups)
    attributes.stride = window.stride
    attributes.dilation = window.dilation
    attributes.padding = window.padding
    attributes.activation = activation(view, Word.self)
    let shape = [y[3], window.kernel.height, window.kernel.width, x[3] / attributes.groups]
    let inputs = [source] + (try weights(view, Word.self, shape: shape, axis: 0))
    let pool = extent(view, Word.poolHeight, Word.poolWidth)
    let stride = extent(view, Word.poolStrideHeight, Word.poolStrideWidth)
    guard pool != Extent(1) || stride != Extent(1) else {
      append(
        view, .convolution(attributes), inputs: inputs, outputs: [view.outputTensorIndex(0)])
      return
    }
    var middle = output(view)
    middle.name += "/convolution"
    middle.shape = convolved
    let index = add(middle)
    append(view, .convolution(attributes), inputs: inputs, outputs: [index])
    append(
      view, .maxPool(PoolAttributes(kernel: pool, stride: stride)), suffix: "/pool",
      inputs: [index], outputs: [view.outputTensorIndex(0)])
  }
}

extension Convolution.Word: WindowWord, WeightWord, ClampWord {}
