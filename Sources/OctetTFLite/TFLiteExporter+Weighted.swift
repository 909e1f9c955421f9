import OctetModel

// Convolutions, fully connected nodes, pools: windows, weights and fused activations.

extension TFLiteExporter {
  mutating func convolution(
    _ node: Node, _ attributes: ConvolutionAttributes, isDepthwise: Bool
  ) throws(TFLiteExportRefusal) {
    let weights = graph.tensors[node.inputs[1]].shape
    let window = Window(
      kernel: Extent(height: weights[1], width: weights[2]), stride: attributes.stride,
      dilation: attributes.dilation, padding: attributes.padding)
    let (x, padding) = padded(node, window, padCode: nil)
    let (output, activation) = clipped(node, attributes.activation)
    typealias Slot = TFLiteOptions.Conv2D
    typealias DepthwiseSlot = TFLiteOptions.DepthwiseConv2D
    var options: [FlatField] = [
      .integer(Slot.padding, padding),
      .integer(Slot.strideWidth, Int32(attributes.stride.width)),
      .integer(Slot.strideHeight, Int32(attributes.stride.height)),
    ]
    let dilation = (Int32(attributes.dilation.width), Int32(attributes.dilation.height))
    if isDepthwise {
      let channels = graph.tensors[node.inputs[0]].shape[3]
      options += [
        .integer(DepthwiseSlot.depthMultiplier, Int32(weights[3] / channels)),
        .integer(DepthwiseSlot.activation, activation),
        .integer(DepthwiseSlot.dilationWidth, dilation.0),
        .integer(DepthwiseSlot.dilationHeight, dilation.1),
      ]
    } else {
      options += [
        .integer(Slot.activation, activation), .integer(Slot.dilationWidth, dilation.0),
        .integer(Slot.dilationHeight, dilation.1),
      ]
    }
    append(
      isDepthwise ? .depthwiseConv2D : .conv2D, version: isInt8(node) ? 3 : 1,
      inputs: [x] + weightsAndBias(node), outputs: [output.tensor],
      optionsType: isDepthwise ? DepthwiseSlot.type : Slot.type, options)
    finish(output, node)
  }

  mutating func transposedConvolution(
    _ node: Node, _ attributes: TransposedConvolutionAttributes
  ) throws(TFLiteExportRefusal) {
    let (x, weights) = (graph.tensors[node.inputs[0]].shape, graph.tensors[node.inputs[1]].shape)
    guard attributes.groups == 1, attributes.dilation == Extent(1) else {
      throw TFLiteExportRefusal(reason: "TFLite has no groups or dilation here")
    }
    let shape = graph.tensors[node.outputs[0]].shape
    let window = Window(
      kernel: Extent(height: weights[1], width: weights[2]), stride: attributes.stride,
      dilation: Extent(1), padding: attributes.padding)
    // TFLite derives the cropping from the output's size, as if it convolved back.
    func isInput(_ axis: Int, _ count: Int) -> Bool { count == x[axis] }
    let stride = attributes.stride
    let padding: Int8
    if window.isSame(height: shape[1], width: shape[2], leadingOnly: true),
      isInput(1, (shape[1] + stride.height - 1) / stride.height),
      isInput(2, (shape[2] + stride.width - 1) / stride.width)
    {
      padding = 0
    } else if attributes.padding.top == 0, attributes.padding.left == 0,
      isInput(1, (shape[1] - weights[1]) / stride.height + 1),
      isInput(2, (shape[2] - weights[2]) / stride.width + 1)
    {
      padding = 1
    } else {
      throw TFLiteExportRefusal(
        reason: "its cropping is neither SAME nor VALID; pad or slice in nodes of their own")
    }
    typealias Slot = TFLiteOptions.TransposeConv
    let (output, activation) = clipped(node, attributes.activation)
    append(
      .transposeConv, version: node.inputs.count > 2 ? 3 : isInt8(node) ? 2 : 1,
      inputs: [integers(shape, node), tensor(node.inputs[1]), tensor(node.inputs[0])]
        + (node.inputs.count > 2 ? [tensor(node.inputs[2])] : []),
      outputs: [output.tensor], optionsType: Slot.type,
      [
        .integer(Slot.padding, padding),
        .integer(Slot.strideWidth, Int32(stride.width)),
        .integer(Slot.strideHeight, Int32(stride.height)),
        .integer(Slot.activation, activation),
      ])
    finish(output, node)
  }

  mutating func fullyConnected(_ node: Node, _ attributes: FullyConnectedAttributes) {
    typealias Slot = TFLiteOptions.FullyConnected
    let (output, activation) = clipped(node, attributes.activation)
    append(
      .fullyConnected, version: isInt8(node) ? 4 : 1,
      inputs: [tensor(node.inputs[0])] + weightsAndBias(node), outputs: [output.tensor],
      optionsType: Slot.type,
      [
        .integer(Slot.activation, activation),
        .flag(Slot.keepsDimensions, attributes.keepsLeadingDimensions),
      ])
    finish(output, node)
  }

  mutating func batchProduct(_ node: Node) throws(TFLiteExportRefusal) {
    typealias Slot = TFLiteOptions.BatchMatMul
    guard node.inputs.allSatisfy({ graph.tensors[$0].shape.count >= 2 }) else {
      throw TFLiteExportRefusal(reason: "TFLite multiplies matrices, not vectors")
    }
    let (left, right) = (node.inputs[0], node.inputs[1])
    append(
      .batchMatMul, version: isInt8(node) ? 2 : 1,
      inputs: [tensor(left), tensor(swapped[right] ?? right)],
      outputs: [tensor(node.outputs[0])], optionsType: Slot.type,
      [
        .flag(Slot.isLeftTransposed, false),
        .flag(Slot.isRightTransposed, swapped[right] != nil),
      ])
  }

  mutating func pool(
    _ node: Node, _ attributes: PoolAttributes, isMax: Bool
  ) throws(TFLiteExportRefusal) {
    guard attributes.dilation == Extent(1) else {
      throw TFLiteExportRefusal(reason: "TFLite has no dilated pools")
    }
    let window = Window(
      kernel: attributes.kernel, stride: attributes.stride, dilation: Extent(1),
      padding: attributes.padding)
    let shape = graph.tensors[node.inputs[0]].shape
    let isSame = window.isSame(height: shape[1], width: shape[2], leadingOnly: false)
    let hasPadding = attributes.padding != Padding()
    guard isMax || !hasPadding || attributes.countsPadding || isSame else {
      throw TFLiteExportRefusal(
        reason: "an average that leaves padding out has no operator unless the padding is SAME")
    }
    // Padding that counts is real zeros; padding of a maximum is below everything.
    let mustPad = !isMax && attributes.countsPadding && hasPadding
    let (x, padding) = padded(node, window, padCode: isMax ? -128 : nil, always: mustPad)
    let (output, activation) = clipped(node, attributes.activation)
    typealias Slot = TFLiteOptions.Pool2D
    append(
      isMax ? .maxPool2D : .averagePool2D, version: isInt8(node) ? 2 : 1, inputs: [x],
      outputs: [output.tensor], optionsType: Slot.type,
      [
        .integer(Slot.padding, padding),
        .integer(Slot.strideWidth, Int32(attributes.stride.width)),
        .integer(Slot.strideHeight, Int32(attributes.stride.height)),
        .integer(Slot.filterWidth, Int32(attributes.kernel.width)),
        .integer(Slot.filterHeight, Int32(attributes.kernel.height)),
        .integer(Slot.activation, activation),
      ])
    finish(output, node)
  }

  func isInt8(_ node: Node) -> Bool { graph.tensors[node.outputs[0]].isInt8 }

  private mutating func weightsAndBias(_ node: Node) -> [Int] {
    // An absent bias is −1.
    [tensor(node.inputs[1]), node.inputs.count > 2 ? tensor(node.inputs[2]) : -1]
  }

  /// The node's input, behind a PAD where neither `SAME` (0) nor `VALID` (1) is its padding, and
  /// which of the two is left.
  private mutating func padded(
    _ node: Node, _ window: Window, padCode: Int8?, always: Bool = false
  ) -> (tensor: Int, padding: Int8) {
    let source = graph.tensors[node.inputs[0]]
    let (x, shape) = (tensor(node.inputs[0]), source.shape)
    let output = graph.tensors[node.outputs[0]].shape
    if window.fitsWithoutPadding(shape, output) { return (x, 1) }
    if !always, window.isSame(height: shape[1], width: shape[2], leadingOnly: false) {
      return (x, 0)
    }
    let padding = window.padding
    let amounts = [0, 0, padding.top, padding.bottom, padding.left, padding.right, 0, 0]
    let larger = [
      shape[0], shape[1] + padding.top + padding.bottom,
      shape[2] + padding.left + padding.right, shape[3],
    ]
    let result = between(source, shape: larger, node)
    var inputs = [x, integers(amounts, shape: [4, 2], node)]
    let version: Int32 = source.isInt8 ? 2 : 1
    if let padCode {
      inputs.append(
        tensor(
          Tensor(
            name: helperName(node), shape: [1], elementType: source.elementType,
            constant: source.isInt8 ? .int8([padCode]) : .float([-.greatestFiniteMagnitude]),
            quantization: source.quantization)))
      append(
        .padV2, version: version, inputs: inputs, outputs: [result],
        optionsType: TFLiteOptions.Pad.typeV2)
    } else {
      append(
        .pad, version: version, inputs: inputs, outputs: [result],
        optionsType: TFLiteOptions.Pad.type)
    }
    return (result, 1)
  }

  private struct Window {
    let kernel, stride, dilation: Extent
    let padding: Padding

    func fitsWithoutPadding(_ input: [Int], _ output: [Int]) -> Bool {
      padding.top == 0 && padding.left == 0
        && (output[1] - 1) * stride.height + (kernel.height - 1) * dilation.height < input[1]
        && (output[2] - 1) * stride.width + (kernel.width - 1) * dilation.width < input[2]
    }

    /// Whether the padding is that of `SAME`; what it adds at the end may be less when nothing
    /// reads it, and with `leadingOnly` does not matter.
    func isSame(height: Int, width: Int, leadingOnly: Bool) -> Bool {
      func amount(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
        max(0, ((size - 1) / stride) * stride + (kernel - 1) * dilation + 1 - size)
      }
      let rows = amount(height, kernel.height, stride.height, dilation.height)
      let columns = amount(width, kernel.width, stride.width, dilation.width)
      guard padding.top == rows / 2, padding.left == columns / 2 else { return false }
      return leadingOnly
        || padding.bottom == rows - rows / 2 && padding.right == columns - columns / 2
    }
  }
}
