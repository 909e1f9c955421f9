/// x `[N, H, W, I]`, weights `[1, KH, KW, I · multiplier]`, bias `[I · multiplier]` →
/// `[N, OH, OW, I · multiplier]`.
struct DepthwiseConvolutionDefinition: WeightedOperation, FusingOperation {
  let attributes: ConvolutionAttributes

  var name: String { "depthwiseConvolution" }
  var weightChannelAxis: Int { 3 }
  var activation: Activation { attributes.activation }

  func replacing(activation: Activation) -> Operation {
    var attributes = attributes
    attributes.activation = activation
    return .depthwiseConvolution(attributes)
  }

  func multiplyAddCount(x: [Int], weights: [Int], output: [Int]) -> Int {
    output.elementCount * weights[1] * weights[2]
  }

  func outputShapes(_ inputs: ShapeRule) throws(GraphError) -> [[Int]] {
    let (x, weights) = try inputs.imageAndWeights()
    guard weights[0] == 1, x[3] > 0, weights[3] % x[3] == 0 else {
      throw inputs.invalid(
        "cannot apply weights \(weights) to x \(x) (weights are [1, KH, KW, I · multiplier])")
    }
    try inputs.requireBias(outputChannels: weights[3])
    let extent = try inputs.windows(
      kernel: Extent(height: weights[1], width: weights[2]), stride: attributes.stride,
      dilation: attributes.dilation, padding: attributes.padding)
    return [[x[0], extent.height, extent.width, weights[3]]]
  }

  func step(_ context: StepContext) -> InterpreterStep {
    context.depthwiseConvolution(attributes)
  }
}

extension StepContext {
  /// x `[N, H, W, I]`, weights `[1, KH, KW, O]`, bias `[O]` → y `[N, OH, OW, O]`, with
  /// O = I · multiplier.
  func depthwiseConvolution(_ attributes: ConvolutionAttributes) -> InterpreterStep {
    let (weights, x, y) = (inputs[1], self.x, self.y)
    let bias = unsafe inputs.count == 3 ? inputs[2].base : nil
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let (kernelHeight, kernelWidth, outputs) = (
      weights.shape[1], weights.shape[2], weights.shape[3]
    )
    let multiplier = outputs / channels

    return followed(by: attributes.activation) {
      var target = unsafe y.base
      for image in 0..<x.shape[0] {
        let source = unsafe x.base + image * height * width * channels
        for top in 0..<y.shape[1] {
          for left in 0..<y.shape[2] {
            for o in 0..<outputs { unsafe target[o] = bias?[o] ?? 0 }
            for ky in 0..<kernelHeight {
              let row =
                top * attributes.stride.height - attributes.padding.top
                + ky * attributes.dilation.height
              if row < 0 || row >= height { continue }
              for kx in 0..<kernelWidth {
                let column =
                  left * attributes.stride.width - attributes.padding.left
                  + kx * attributes.dilation.width
                if column < 0 || column >= width { continue }
                let pixel = unsafe source + (row * width + column) * channels
                let tap = unsafe weights.base + (ky * kernelWidth + kx) * outputs
                unsafe accumulate(pixel, tap, target, outputs, multiplier)
              }
            }
            unsafe target += outputs
          }
        }
      }
    }
  }
}

/// `target[o] += pixel[o / multiplier] · tap[o]`
private func accumulate(
  _ pixel: UnsafePointer<Float>, _ tap: UnsafePointer<Float>,
  _ target: UnsafeMutablePointer<Float>, _ count: Int, _ multiplier: Int
) {
  if multiplier == 1 {
    for o in 0..<count { unsafe target[o] += pixel[o] * tap[o] }
  } else {
    for o in 0..<count { unsafe target[o] += pixel[o / multiplier] * tap[o] }
  }
}
