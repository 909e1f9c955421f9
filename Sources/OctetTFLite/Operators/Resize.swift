import OctetModel

/// RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
///
/// Nearest: `floor(y · scale)`, with half-pixel centres `floor((y + 0.5) · scale)`, with aligned
/// corners `round(y · scale)`; all are a coordinate rounded by one of ONNX's rules.
enum Resize: TFLiteDefinition {
  private static let bilinear = TFLiteBuiltin(23, inputs: 2...2, options: 15)
  private static let nearest = TFLiteBuiltin(97, inputs: 2...2, options: 74)
  static let builtins = [bilinear, nearest]
  /// The first with half-pixel centres.
  private static let versionWithCenters: Int32 = 3

  /// A bilinear one has two fields before, which nobody writes any more.
  private static func options(
    _ builtin: TFLiteBuiltin
  ) -> (alignsCorners: FlatSlot<Bool>, hasHalfPixelCenters: FlatSlot<Bool>) {
    builtin == nearest ? (FlatSlot(0), FlatSlot(1)) : (FlatSlot(2), FlatSlot(3))
  }

  static func read(_ call: TFLiteCall) throws(TFLiteRefusal) {
    let options = options(call.kind)
    let alignsCorners = try call[options.alignsCorners]
    let hasHalfPixelCenters = try call[options.hasHalfPixelCenters]
    let x = try call.imageShape(0)
    let size = try call.integers(1, "its size is")
    guard size.count == 2, size.allSatisfy({ (1...Graph.maximumElementCount).contains($0) }) else {
      throw call.broken("its size is \(size)")
    }
    guard !(alignsCorners && hasHalfPixelCenters) else {
      throw call.broken("it aligns corners and has half-pixel centres at once")
    }
    try call.append(
      .resize(
        ResizeAttributes(
          method: call.kind == nearest ? .nearest : .bilinear,
          coordinates: alignsCorners
            ? .alignCorners : hasHalfPixelCenters ? .halfPixel : .asymmetric,
          rounding: alignsCorners || hasHalfPixelCenters ? .roundPreferCeil : .floor,
          outputShape: [x[0], size[0], size[1], x[3]],
          scales: [1, Float(size[0]) / Float(x[1]), Float(size[1]) / Float(x[2]), 1])))
  }

  static func write(
    _ node: Node, _ attributes: ResizeAttributes, _ exporter: TFLiteExporter
  ) throws(TFLiteRefusal) {
    let x = exporter.graph.tensors[node.inputs[0]].shape
    let (coordinates, isNearest) = (attributes.coordinates, attributes.method == .nearest)
    let hasItsScales = zip(attributes.scales, zip(attributes.outputShape, x)).allSatisfy {
      $0 == Float($1.0) / Float($1.1) || coordinates == .alignCorners
    }
    let isRounded =
      switch coordinates {
      case .asymmetric: attributes.rounding == .floor
      case .halfPixel, .alignCorners: attributes.rounding == .roundPreferCeil
      case .pytorchHalfPixel: false
      }
    guard x.count == 4, hasItsScales,
      isRounded || !isNearest && coordinates != .pytorchHalfPixel
    else { throw .unsupported("TFLite has no such coordinates or rounding") }
    let builtin = isNearest ? nearest : bilinear
    let options = options(builtin)
    exporter.append(
      builtin, node,
      inputs: [
        exporter.tensor(node.inputs[0]),
        exporter.integers(Array(attributes.outputShape[1...2]), node),
      ],
      outputs: [exporter.tensor(node.outputs[0])],
      version: coordinates == .halfPixel ? versionWithCenters : nil,
      options: [
        options.alignsCorners(coordinates == .alignCorners),
        options.hasHalfPixelCenters(coordinates == .halfPixel),
      ])
  }
}
