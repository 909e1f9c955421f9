import OctetModel

/// CONV_2D and DEPTHWISE_CONV_2D.
enum Convolution: TFLiteDefinition {
  static let full = TFLiteBuiltin(
    3, inputs: 2...3, int8Version: 3, int4Version: 7, int16Version: 4, options: 1)
  static let depthwise = TFLiteBuiltin(
    4, inputs: 2...3, int8Version: 3, int4Version: 7, int16Version: 5, options: 2)
  static let builtins = [full, depthwise]

  /// What follows the fields of all windows; a depthwise convolution has one field more.
  private struct Options {
    static let depthMultiplier = FlatSlot<Int32>(3)
    let activation: FlatSlot<Int8>
    let dilationWidth, dilationHeight: FlatSlot<Int32>

    init(_ builtin: TFLiteBuiltin) {
      let first = builtin == depthwise ? 4 : 3
      activation = FlatSlot(first)
      dilationWidth = FlatSlot(first + 1, standard: 1)
      dilationHeight = FlatSlot(first + 2, standard: 1)
    }
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let isDepthwise = call.kind == depthwise
    let options = Options(call.kind)
    let weights = try call.imageShape(1)
    var attributes = ConvolutionAttributes()
    attributes.stride = try call.stride()
    attributes.dilation = try call.extent(options.dilationHeight, options.dilationWidth)
    attributes.activation = try call.activation(options.activation)
    try place(&attributes, kernel: Extent(height: weights[1], width: weights[2]), call)
    if isDepthwise {
      // The depth multiplier follows from the shapes; files leave it wrong or out.
      let operands = try call.weighted(axis: 3)
      return try call.appendWeighted(.depthwiseConvolution(attributes), operands)
    }
    let x = try call.imageShape(0)
    guard weights[3] > 0, x[3] % weights[3] == 0 else {
      throw call.broken("weights for \(weights[3]) channels do not fit \(x[3]) input channels")
    }
    attributes.groups = x[3] / weights[3]
    let operands = try call.weighted(axis: 0)
    try call.appendWeighted(.convolution(attributes), operands)
  }

  /// Dilation and padding: those of the nodes around it when it stands between such.
  private static func place(
    _ attributes: inout ConvolutionAttributes, kernel: Extent, _ call: TFLiteCall
  ) throws(TFLiteRefusal) {
    guard let block = call.node.block else {
      attributes.padding = try call.padding(
        kernel: kernel, attributes.stride, dilation: attributes.dilation)
      return
    }
    guard attributes.stride == Extent(1), attributes.dilation == Extent(1),
      try call[Window.Options.padding] == 1
    else {
      throw .unsupported(
        "it stands between SPACE_TO_BATCH_ND and BATCH_TO_SPACE_ND with strides, dilation or "
          + "padding of its own; convert the model with a fixed batch of 1")
    }
    attributes.dilation = block.dilation
    attributes.padding = block.padding
  }

  static func write(
    _ node: Node, _ attributes: ConvolutionAttributes, _ builtin: TFLiteBuiltin,
    _ exporter: TFLiteExporter
  ) {
    let weights = exporter.graph.tensors[node.inputs[1]].shape
    let window = Window(
      kernel: Extent(height: weights[1], width: weights[2]), stride: attributes.stride,
      dilation: attributes.dilation, padding: attributes.padding)
    let (x, padding) = exporter.padded(node, window)
    let slots = Options(builtin)
    var options = Window.Options.fields(padding: padding, attributes.stride)
    if builtin == depthwise {
      let channels = exporter.graph.tensors[node.inputs[0]].shape[3]
      options.append(Options.depthMultiplier(weights[3] / channels))
    }
    options += [
      slots.dilationWidth(attributes.dilation.width),
      slots.dilationHeight(attributes.dilation.height),
    ]
    exporter.append(
      builtin, node, fusing: attributes.activation, at: slots.activation, options: options
    ) { [x] + exporter.weightsAndBias(node) }
  }
}
