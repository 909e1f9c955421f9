import OctetModel

/// A window over images: what convolutions and pools have in common.
struct Window {
  let kernel, stride, dilation: Extent
  let padding: Padding

  init(kernel: Extent, stride: Extent, dilation: Extent = Extent(1), padding: Padding) {
    (self.kernel, self.stride, self.dilation, self.padding) = (kernel, stride, dilation, padding)
  }

  /// The padding that TFLite calls `SAME`: `ceil(input / stride)` windows, with the odd row or
  /// column at the end.
  ///
  /// - Parameter shape: NHWC, no dimension 0.
  static func same(_ shape: [Int], kernel: Extent, stride: Extent, dilation: Extent) -> Padding {
    // All factors are below 2²⁸ (extents below 2²¹), so nothing overflows.
    func amount(_ size: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
      max(0, (size - 1) / stride * stride + (kernel - 1) * dilation + 1 - size)
    }
    let rows = amount(shape[1], kernel.height, stride.height, dilation.height)
    let columns = amount(shape[2], kernel.width, stride.width, dilation.width)
    return Padding(
      top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
  }

  /// Whether no padding is read: what it adds at the end may be less when nothing reads it.
  func fitsWithoutPadding(_ input: [Int], _ output: [Int]) -> Bool {
    padding.top == 0 && padding.left == 0
      && (output[1] - 1) * stride.height + (kernel.height - 1) * dilation.height < input[1]
      && (output[2] - 1) * stride.width + (kernel.width - 1) * dilation.width < input[2]
  }

  /// Whether the padding is that of `SAME`; with `leadingOnly` what it adds at the end does not
  /// matter.
  func isSame(_ shape: [Int], leadingOnly: Bool = false) -> Bool {
    var same = Self.same(shape, kernel: kernel, stride: stride, dilation: dilation)
    if leadingOnly { (same.bottom, same.right) = (padding.bottom, padding.right) }
    return padding == same
  }

  /// The fields with which the options of every window begin.
  enum Options {
    /// `SAME` is 0, `VALID` is 1.
    static let padding = FlatSlot<Int8>(0)
    static let strideWidth = FlatSlot<Int32>(1)
    static let strideHeight = FlatSlot<Int32>(2)

    static func fields(padding: Int, _ stride: Extent) -> [FlatField] {
      [Self.padding(padding), strideWidth(stride.width), strideHeight(stride.height)]
    }
  }
}

extension TFLiteCall {
  func stride() throws(TFLiteRefusal) -> Extent {
    try extent(Window.Options.strideHeight, Window.Options.strideWidth)
  }

  func extent(
    _ height: FlatSlot<Int32>, _ width: FlatSlot<Int32>
  ) throws(TFLiteRefusal) -> Extent {
    let extent = Extent(height: try self[height], width: try self[width])
    let limits = 1...(1 << 20)
    guard limits.contains(extent.height), limits.contains(extent.width) else {
      throw broken("\(extent.height)×\(extent.width) is no stride, dilation or window")
    }
    return extent
  }

  /// The padding that the options name.
  ///
  /// - Parameter shape: NHWC; that of the call's first input when nil.
  func padding(
    shape: [Int]? = nil, kernel: Extent, _ stride: Extent, dilation: Extent = Extent(1)
  ) throws(TFLiteRefusal) -> Padding {
    var input = shape ?? []
    if shape == nil { input = try imageShape(0) }
    switch try self[Window.Options.padding] {
    case 0: return Window.same(input, kernel: kernel, stride: stride, dilation: dilation)
    case 1: return Padding()
    case let other: throw broken("padding \(other) does not exist")
    }
  }
}

extension TFLiteExporter {
  /// The node's input, behind a PAD where neither `SAME` (0) nor `VALID` (1) is its padding, and
  /// which of the two is left.
  ///
  /// - Parameters:
  ///   - value: what the PAD adds; zeros when nil.
  ///   - always: whether a PAD stands even for the padding of `SAME`.
  func padded(
    _ node: Node, _ window: Window, with value: Float? = nil, always: Bool = false
  ) -> (tensor: Int, padding: Int) {
    let source = graph.tensors[node.inputs[0]]
    let (x, shape) = (tensor(node.inputs[0]), source.shape)
    if window.fitsWithoutPadding(shape, graph.tensors[node.outputs[0]].shape) { return (x, 1) }
    if !always, window.isSame(shape) { return (x, 0) }
    let padding = window.padding
    let amounts = [0, 0, padding.top, padding.bottom, padding.left, padding.right, 0, 0]
    let larger = [
      shape[0], shape[1] + padding.top + padding.bottom,
      shape[2] + padding.left + padding.right, shape[3],
    ]
    let result = between(source, shape: larger, node)
    Pad.write(node, x, amounts, value, to: result, self)
    return (result, 1)
  }
}
