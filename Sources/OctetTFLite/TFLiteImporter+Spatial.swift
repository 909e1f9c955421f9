import OctetModel

// Pools and resizing, and what all windows share.

extension TFLiteImporter {
  mutating func pool(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Pool2D
    _ = try call.imageShape(0)
    var attributes = PoolAttributes(
      kernel: try call.extent(Slot.type, Slot.filterHeight, Slot.filterWidth),
      stride: try call.extent(Slot.type, Slot.strideHeight, Slot.strideWidth))
    attributes.activation = try call.activation(Slot.type, Slot.activation)
    attributes.padding = try call.padding(
      Slot.type, Slot.padding, kernel: attributes.kernel, attributes.stride, Extent(1))
    try append(call, call.kind == .maxPool2D ? .maxPool(attributes) : .averagePool(attributes))
  }

  /// Nearest: `floor(y · scale)`, with half-pixel centres `floor((y + 0.5) · scale)`, with aligned
  /// corners `round(y · scale)`; all are a coordinate rounded by one of ONNX's rules.
  mutating func resize(_ call: TFLiteCall) throws(TFLiteRefusal) {
    typealias Slot = TFLiteOptions.Resize
    let isNearest = call.kind == .resizeNearestNeighbor
    let type = isNearest ? Slot.nearestType : Slot.bilinearType
    let alignsCorners = try call.flagOption(
      type, isNearest ? Slot.nearestAlignsCorners : Slot.bilinearAlignsCorners)
    let hasHalfPixelCenters = try call.flagOption(
      type, isNearest ? Slot.nearestHasHalfPixelCenters : Slot.bilinearHasHalfPixelCenters)
    let x = try call.imageShape(0)
    let size = try call.integers(1, "its size is")
    guard size.count == 2, size.allSatisfy({ (1...Graph.maximumElementCount).contains($0) }) else {
      throw call.broken("its size is \(size)")
    }
    guard !(alignsCorners && hasHalfPixelCenters) else {
      throw call.broken("it aligns corners and has half-pixel centres at once")
    }
    let output = [x[0], size[0], size[1], x[3]]
    try append(
      call,
      .resize(
        ResizeAttributes(
          method: isNearest ? .nearest : .bilinear,
          coordinates: alignsCorners
            ? .alignCorners : hasHalfPixelCenters ? .halfPixel : .asymmetric,
          rounding: alignsCorners || hasHalfPixelCenters ? .roundPreferCeil : .floor,
          outputShape: output,
          scales: [1, Float(size[0]) / Float(x[1]), Float(size[1]) / Float(x[2]), 1])))
  }
}

extension TFLiteCall {
  /// The shape of an operand that must have four dimensions, none of them 0.
  func imageShape(_ position: Int) throws(TFLiteRefusal) -> [Int] {
    let shape = try shape(position)
    guard shape.count == 4, !shape.contains(0) else {
      throw broken("input \(position) has the shape \(shape) instead of four dimensions")
    }
    return shape
  }

  func extent(
    _ type: Int, _ height: Int, _ width: Int, default value: Int32 = 0
  ) throws(TFLiteRefusal) -> Extent {
    let extent = Extent(
      height: try option(type, height, default: value),
      width: try option(type, width, default: value))
    let limits = 1...(1 << 20)
    guard limits.contains(extent.height), limits.contains(extent.width) else {
      throw broken("\(extent.height)×\(extent.width) is no stride, dilation or window")
    }
    return extent
  }

  /// `SAME` gives `ceil(input / stride)` windows, with the odd row or column of padding at the end.
  ///
  /// - Parameter shape: NHWC; that of the call's first input when nil.
  func padding(
    _ type: Int, _ slot: Int, shape: [Int]? = nil, kernel: Extent, _ stride: Extent,
    _ dilation: Extent
  ) throws(TFLiteRefusal) -> Padding {
    var input = shape ?? []
    if shape == nil { input = try imageShape(0) }
    switch try byteOption(type, slot) {
    case 0:
      let rows = Self.same(input[1], kernel.height, stride.height, dilation.height)
      let columns = Self.same(input[2], kernel.width, stride.width, dilation.width)
      return Padding(
        top: rows / 2, left: columns / 2, bottom: rows - rows / 2, right: columns - columns / 2)
    case 1: return Padding()
    case let other: throw broken("padding \(other) does not exist")
    }
  }

  /// All factors are below 2²⁸ (extents below 2²¹), so nothing overflows.
  private static func same(_ input: Int, _ kernel: Int, _ stride: Int, _ dilation: Int) -> Int {
    let output = (input + stride - 1) / stride
    return max(0, (output - 1) * stride + (kernel - 1) * dilation + 1 - input)
  }
}
