import OctetModel

/// One spatial axis of a resize: which input positions each output position is made of, for the
/// runtime's `resizeNearest` and `resizeBilinear`. In TensorFlow Lite's arithmetic.
package struct ResizeTable: Sendable {
  package var input: Int
  package var output: Int
  /// Output over input; may differ from the ratio of the extents.
  package var scale: Float
  package var coordinates: ResizeAttributes.Coordinates

  package init(
    input: Int, output: Int, scale: Float, coordinates: ResizeAttributes.Coordinates
  ) {
    self.input = input
    self.output = output
    self.scale = scale
    self.coordinates = coordinates
  }

  /// The input position of each output position.
  package func nearest(_ rounding: ResizeAttributes.Rounding) -> [Int32] {
    (0..<output).map { index in
      // Half a pixel taken off and rounded up at ties is the floor of what was there before.
      if isHalfPixel, rounding == .roundPreferCeil {
        return clamp(((Float(index) + 0.5) * step).rounded(.down))
      }
      // TensorFlow Lite rounds aligned corners half away from zero.
      if alignsCorners, rounding == .roundPreferCeil {
        return clamp((Float(index) * step).rounded())
      }
      let position = isHalfPixel ? (Float(index) + 0.5) * step - 0.5 : Float(index) * step
      switch rounding {
      case .floor: return clamp(position.rounded(.down))
      case .ceil: return clamp(position.rounded(.up))
      case .roundPreferFloor: return clamp((position - 0.5).rounded(.up))
      case .roundPreferCeil: return clamp((position + 0.5).rounded(.down))
      }
    }
  }

  /// For each output position the input positions before and after, and the weight of the latter
  /// in 1024ths: `[output, 3]`.
  ///
  /// - Parameter arithmetic: ONNX's rounds each position by itself. TensorFlow Lite rounds the step
  ///   from one to the next, so that positions far from 0 are up to `output / 2048` beside theirs.
  package func bilinear(in arithmetic: Arithmetic = .tensorFlowLite) -> [Int32] {
    let step = step1024
    return (0..<output).flatMap { index -> [Int32] in
      var position = index * step
      if isHalfPixel { position += step / 2 - 512 }
      if arithmetic == .onnx { position = Int((1024 * exactPosition(index)).rounded()) }
      let lower = min(max(position / 1024, 0), input - 1)
      let upper = max(0, min((position + 1023) / 1024, input - 1))
      // Beyond the ends both are one position, and only the sum of the weights counts.
      let weight = min(max(position - 1024 * lower, -1024), 1024)
      return [Int32(lower), Int32(upper), Int32(weight)]
    }
  }

  private func exactPosition(_ index: Int) -> Double {
    if alignsCorners { return Double(index * (input - 1)) / Double(output - 1) }
    if coordinates == .pytorchHalfPixel, output == 1 { return 0 }
    let step = hasNaturalScale ? Double(input) / Double(output) : 1 / Double(scale)
    return isHalfPixel ? (Double(index) + 0.5) * step - 0.5 : Double(index) * step
  }

  private var isHalfPixel: Bool {
    coordinates == .halfPixel || (coordinates == .pytorchHalfPixel && output > 1)
  }

  private var alignsCorners: Bool { coordinates == .alignCorners && output > 1 }

  /// Input positions for each output position.
  private var step: Float {
    if alignsCorners { return Float(input - 1) / Float(output - 1) }
    if coordinates == .pytorchHalfPixel, output == 1 { return 0 }
    return hasNaturalScale ? Float(input) / Float(output) : 1 / scale
  }

  private var step1024: Int {
    if alignsCorners { return (1024 * (input - 1) + (output - 1) / 2) / (output - 1) }
    if coordinates == .pytorchHalfPixel, output == 1 { return 0 }
    return hasNaturalScale
      ? (1024 * input + output / 2) / output : Int((1024 / Double(scale)).rounded())
  }

  private var hasNaturalScale: Bool {
    scale == Float(output) / Float(input)
  }

  private func clamp(_ position: Float) -> Int32 {
    Int32(min(max(position, 0), Float(input - 1)))
  }
}
