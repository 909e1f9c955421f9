import OctetModel
import OctetRuntime

extension Lowering {
  mutating func lowerResize(
    _ index: Int, _ attributes: ResizeAttributes
  ) throws(CompilerError) {
    let node = graph.nodes[index]
    try requireOneScale(node)
    let shape = graph.tensors[node.inputs[0]].shape
    guard shape.count == 4, shape[0] == attributes.outputShape[0],
      shape[3] == attributes.outputShape[3]
    else {
      throw .invalid(node: node.name, reason: "only height and width can be resized")
    }
    let mapping = ResizeTables(attributes, x: shape)
    let (kind, table): (OperatorKind, (Int) -> [Int32]) =
      switch attributes.method {
      case .nearest: (.resizeNearest, mapping.nearest)
      case .bilinear: (.resizeBilinear, mapping.bilinear)
      }
    try append(
      kind, node, inputs: [node.inputs[0]], output: node.outputs[0],
      [.words(table(1)), .words(table(2))])
  }
}

/// Where each output row and column of a resize comes from.
///
/// TensorFlow Lite's coordinates are computed as it does, in float32 for nearest and in 1024ths for
/// bilinear; ONNX's others as the float interpreter does.
private struct ResizeTables {
  let attributes: ResizeAttributes
  let shape: [Int]

  init(_ attributes: ResizeAttributes, x: [Int]) {
    self.attributes = attributes
    shape = x
  }

  /// Output over input is the ratio of the sizes, as TensorFlow Lite takes for granted.
  private func hasOwnScale(_ axis: Int) -> Bool {
    attributes.scales[axis] != Float(attributes.outputShape[axis]) / Float(shape[axis])
  }

  func nearest(_ axis: Int) -> [Int32] {
    let (input, output) = (shape[axis], attributes.outputShape[axis])
    let mapping = ResizeMapping(attributes, x: shape)
    return (0..<output).map { index in
      let position: Float
      switch (attributes.coordinates, attributes.rounding) {
      case (.asymmetric, .floor) where !hasOwnScale(axis):
        position = (Float(index) * (Float(input) / Float(output))).rounded(.down)
      case (.halfPixel, .roundPreferCeil) where !hasOwnScale(axis):
        position = ((Float(index) + 0.5) * (Float(input) / Float(output))).rounded(.down)
      case (.alignCorners, .roundPreferCeil):
        let scale =
          output > 1 ? Float(input - 1) / Float(output - 1) : Float(input) / Float(output)
        position = (Float(index) * scale).rounded()
      default: position = Float(mapping.nearest(axis: axis, index: index))
      }
      return Int32(max(0, min(Float(input - 1), position)))
    }
  }

  /// For each output index the inputs before and after it, and the weight of the latter.
  func bilinear(_ axis: Int) -> [Int32] {
    let (input, output) = (shape[axis], attributes.outputShape[axis])
    let mapping = ResizeMapping(attributes, x: shape)
    let alignsCorners = attributes.coordinates == .alignCorners && output > 1
    let scale =
      alignsCorners
      ? (1024 * (input - 1) + (output - 1) / 2) / (output - 1)
      : (1024 * input + output / 2) / output
    return (0..<output).flatMap { index in
      var position = index * scale
      switch attributes.coordinates {
      case .pytorchHalfPixel where output == 1: position = 0
      case .halfPixel, .pytorchHalfPixel: position += scale / 2 - 512
      case .asymmetric, .alignCorners: break
      }
      if hasOwnScale(axis), attributes.coordinates != .alignCorners {
        position = Int((mapping.position(axis: axis, index: index) * 1024).rounded())
      }
      let lower = min(max(position / 1024, 0), input - 1)
      let upper = max(0, min((position + 1023) / 1024, input - 1))
      let weight = max(-1024, min(1024, position - 1024 * lower))
      return [Int32(lower), Int32(upper), Int32(weight)]
    }
  }
}
