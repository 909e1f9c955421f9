import OctetModel

/// TRANSPOSE_CONV. Inputs: output shape, weights, x, bias.
enum TransposedConvolution: TFLiteDefinition {
  private static let builtin = TFLiteBuiltin(67, inputs: 3...4, options: 49)
  /// The first with a bias.
  private static let versionWithBias: Int32 = 3
  static let builtins = [builtin]
  private static let activation = FlatSlot<Int8>(3)

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let weights = try call.imageShape(1)
    let output = try call.integers(0, "its output shape is")
    guard output.count == 4, output.allSatisfy({ (1...Graph.maximumElementCount).contains($0) })
    else { throw call.broken("its output shape is \(output)") }
    var attributes = TransposedConvolutionAttributes(
      outputExtent: Extent(height: output[1], width: output[2]))
    attributes.stride = try call.stride()
    attributes.activation = try call.activation(activation)
    // The padding is that of the convolution from the output to the input.
    let kernel = Extent(height: weights[1], width: weights[2])
    attributes.padding = try call.padding(shape: output, kernel: kernel, attributes.stride)
    let operands = try call.weighted(axis: 0, positions: [2, 1, 3])
    try call.appendWeighted(.transposedConvolution(attributes), operands)
  }

  static func write(
    _ node: Node, _ attributes: TransposedConvolutionAttributes,
    _ exporter: TFLiteExporter
  ) throws(TFLiteRefusal) {
    guard attributes.groups == 1, attributes.dilation == Extent(1) else {
      throw .unsupported("TFLite has no groups or dilation here")
    }
    let shapes = (node.inputs + node.outputs).map { exporter.graph.tensors[$0].shape }
    let (x, weights, shape) = (shapes[0], shapes[1], shapes[shapes.count - 1])
    let window = Window(
      kernel: Extent(height: weights[1], width: weights[2]), stride: attributes.stride,
      padding: attributes.padding)
    // TFLite derives the cropping from the output's size, as if it convolved back.
    let stride = [1, attributes.stride.height, attributes.stride.width]
    let isWhole = (1...2).allSatisfy { (shape[$0] + stride[$0] - 1) / stride[$0] == x[$0] }
    let isInner = (1...2).allSatisfy { (shape[$0] - weights[$0]) / stride[$0] + 1 == x[$0] }
    let padding: Int
    if isWhole, window.isSame(shape, leadingOnly: true) {
      padding = 0
    } else if isInner, attributes.padding.top == 0, attributes.padding.left == 0 {
      padding = 1
    } else {
      throw .unsupported(
        "its cropping is neither SAME nor VALID; pad or slice in nodes of their own")
    }
    exporter.append(
      builtin, node, fusing: attributes.activation, at: activation,
      version: node.inputs.count > 2 ? versionWithBias : nil,
      options: Window.Options.fields(padding: padding, attributes.stride)
    ) {
      let order = [1, 0] + node.inputs.indices.dropFirst(2)
      return [exporter.integers(shape, node)] + order.map { exporter.tensor(node.inputs[$0]) }
    }
  }
}
