import OctetModel

/// MAX_POOL_2D and AVERAGE_POOL_2D.
enum Pool: TFLiteDefinition {
  static let average = TFLiteBuiltin(1, options: 5)
  static let max = TFLiteBuiltin(17, options: 5)
  static let builtins = [average, max]

  /// What follows the fields of all windows.
  private enum Options {
    static let filterWidth = FlatSlot<Int32>(3)
    static let filterHeight = FlatSlot<Int32>(4)
    static let activation = FlatSlot<Int8>(5)
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    _ = try call.imageShape(0)
    var attributes = PoolAttributes(
      kernel: try call.extent(Options.filterHeight, Options.filterWidth),
      stride: try call.stride())
    attributes.activation = try call.activation(Options.activation)
    attributes.padding = try call.padding(kernel: attributes.kernel, attributes.stride)
    try call.append(call.kind == max ? .maxPool(attributes) : .averagePool(attributes))
  }

  static func write(
    _ node: Node, _ attributes: PoolAttributes, _ builtin: TFLiteBuiltin,
    _ exporter: TFLiteExporter
  ) throws(TFLiteRefusal) {
    guard attributes.dilation == Extent(1) else {
      throw .unsupported("TFLite has no dilated pools")
    }
    let window = Window(
      kernel: attributes.kernel, stride: attributes.stride, padding: attributes.padding)
    let isSame = window.isSame(exporter.graph.tensors[node.inputs[0]].shape)
    let (isMax, hasPadding) = (builtin == max, attributes.padding != Padding())
    guard isMax || !hasPadding || attributes.countsPadding || isSame else {
      throw .unsupported(
        "an average that leaves padding out has no operator unless the padding is SAME")
    }
    // Padding that counts is real zeros; padding of a maximum is below everything.
    let (x, padding) = exporter.padded(
      node, window, with: isMax ? -.greatestFiniteMagnitude : nil,
      always: !isMax && attributes.countsPadding && hasPadding)
    exporter.append(
      builtin, node, fusing: attributes.activation, at: Options.activation,
      options: Window.Options.fields(padding: padding, attributes.stride) + [
        Options.filterWidth(attributes.kernel.width),
        Options.filterHeight(attributes.kernel.height),
      ]
    ) { [x] }
  }
}
