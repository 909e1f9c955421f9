extension StepContext {
  /// x `[N, H, W, I]`, weights `[1, KH, KW, O]`, bias `[O]` → y `[N, OH, OW, O]`, with
  /// O = I · multiplier.
  func depthwiseConvolution(_ attributes: ConvolutionAttributes) -> InterpreterStep {
    let (weights, x, y) = (inputs[1], self.x, self.y)
    let bias = inputs.count == 3 ? inputs[2].base : nil
    let (height, width, channels) = (x.shape[1], x.shape[2], x.shape[3])
    let (kernelHeight, kernelWidth, outputs) = (
      weights.shape[1], weights.shape[2], weights.shape[3]
    )
    let multiplier = outputs / channels

    return followed(by: attributes.activation) {
      var target = y.base
      for image in 0..<x.shape[0] {
        let source = x.base + image * height * width * channels
        for top in 0..<y.shape[1] {
          for left in 0..<y.shape[2] {
            for o in 0..<outputs { target[o] = bias?[o] ?? 0 }
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
                let pixel = source + (row * width + column) * channels
                let tap = weights.base + (ky * kernelWidth + kx) * outputs
                accumulate(pixel, tap, target, outputs, multiplier)
              }
            }
            target += outputs
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
    for o in 0..<count { target[o] += pixel[o] * tap[o] }
  } else {
    for o in 0..<count { target[o] += pixel[o / multiplier] * tap[o] }
  }
}
