import COctetFloatKernels
import OctetModel

/// Convolution, grouped or depthwise, with bias and optionally a ReLU on its result.
///
/// Padding is real: the input is copied into the middle of a buffer whose border stays zero, so
/// the loops have no edges. With x the padded input and w `[KH][KW][I][O]` of one group:
///
///     forward   y[r, p, o]            = b[o] + Σ x[r·s + i·d, p·s + j·d, c] · w[i, j, c, o]
///     weights   dw[i, j, c, o]        = Σ x[r·s + i·d, p·s + j·d, c] · dy[r, p, o]
///     input     dx[r·s + i·d, p·s + j·d, c] += Σ_o w[i, j, c, o] · dy[r, p, o]
struct ConvolutionStep: LaneStep {
  var input, output: LaneBuffer
  /// The padded input; the input itself without padding.
  var padded: LaneBuffer
  var outputGradient: LaneBuffer
  /// nil when nothing before this step needs it.
  var inputGradient: InputGradient?
  /// Like `padded`, for the gradient; unused without padding.
  var paddedGradient: LaneBuffer
  var weightOffset: Int
  var biasOffset: Int?
  var weights: ConvolutionWeights
  var geometry: ConvolutionGeometry
  var hasReLU: Bool
  /// False when the step after has already taken the ReLU's gradient.
  var takesReLUGradient: Bool

  private var isPadded: Bool { padded.offset != input.offset }
  private var inputChannelCount: Int { weights.inputs * weights.groups }
  private var outputChannelCount: Int { weights.outputs * weights.groups }
  /// Elements of one padded row.
  private var rowCount: Int { geometry.paddedWidth * inputChannelCount }

  func forward(_ context: LaneContext) {
    if isPadded { copyRows(context, from: input, to: padded) }
    var contraction = octet_contraction()
    setShape(&contraction)
    contraction.start = biasOffset == nil ? OCTET_START_ZERO : OCTET_START_BIAS
    contraction.relu = hasReLU ? 1 : 0
    for group in 0..<weights.groups {
      context.kernels.contract(
        &contraction, lanes(context.pointer(padded), group * weights.inputs),
        context.parameters + weightOffset + group * weights.groupCount,
        biasOffset.map { context.parameters + $0 + group * weights.outputs },
        lanes(context.pointer(output), group * weights.outputs))
    }
  }

  func backward(_ context: LaneContext) {
    let dy = context.pointer(outputGradient)
    if hasReLU, takesReLUGradient {
      context.kernels.reluBackward(output.count, context.pointer(output), dy, dy)
    }
    if let biasOffset {
      context.kernels.sumPixels(
        geometry.outputHeight * geometry.outputWidth, outputChannelCount, dy,
        context.gradients + biasOffset)
    }
    weightGradient(context, dy)
    guard let inputGradient else { return }
    let target = isPadded ? paddedGradient : inputGradient.buffer
    if isPadded || inputGradient.isFirst { context.zero(target) }
    addInputGradient(context, dy, to: context.pointer(target))
    if isPadded { copyBack(context, inputGradient) }
  }

  private func setShape(_ c: inout octet_contraction) {
    c.rowCount = geometry.outputHeight
    c.pixelCount = geometry.outputWidth
    c.outputCount = weights.outputs
    c.xRow = geometry.stride.height * rowCount
    c.xPixel = geometry.stride.width * inputChannelCount
    c.yRow = geometry.outputWidth * outputChannelCount
    c.yPixel = outputChannelCount
    c.aCount = weights.kernelHeight
    c.xA = geometry.dilation.height * rowCount
    c.wA = weights.kernelWidth * weights.inputs * weights.outputs
    c.bCount = weights.kernelWidth
    c.xB = geometry.dilation.width * inputChannelCount
    c.wB = weights.inputs * weights.outputs
    c.kCount = weights.inputs
    c.wK = weights.outputs
    c.wJ = 1
    if geometry.dilation.width == 1, weights.groups == 1 {
      // A row of the kernel is contiguous: one loop instead of two.
      c.kCount *= c.bCount
      c.bCount = 1
    }
  }

  private func weightGradient(_ context: LaneContext, _ dy: UnsafePointer<Float>) {
    var c = octet_correlation()
    c.rowCount = geometry.outputHeight
    c.pixelCount = geometry.outputWidth
    c.outputCount = weights.outputs
    c.aCount = weights.kernelHeight
    c.bCount = weights.kernelWidth
    c.kCount = weights.inputs
    c.xRow = geometry.stride.height * rowCount
    c.xPixel = geometry.stride.width * inputChannelCount
    c.xA = geometry.dilation.height * rowCount
    c.xB = geometry.dilation.width * inputChannelCount
    c.wA = weights.kernelWidth * weights.inputs * weights.outputs
    c.wB = weights.inputs * weights.outputs
    c.wK = weights.outputs
    c.yRow = geometry.outputWidth * outputChannelCount
    c.yPixel = outputChannelCount
    let x = context.pointer(padded)
    for group in 0..<weights.groups {
      let floats = weights.groupCount * LaneNetwork.laneCount
      context.scratch.update(repeating: 0, count: floats)
      context.kernels.correlate(
        &c, lanes(x, group * weights.inputs), dy + group * weights.outputs * 16, context.scratch)
      context.kernels.sumLanes(
        weights.groupCount, context.scratch,
        context.gradients + weightOffset + group * weights.groupCount)
    }
  }

  private func addInputGradient(
    _ context: LaneContext, _ dy: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>
  ) {
    var c = octet_contraction()
    c.rowCount = 1
    c.pixelCount = geometry.outputWidth
    c.outputCount = weights.inputs
    c.aCount = 1
    c.bCount = 1
    c.kCount = weights.outputs
    c.xPixel = outputChannelCount
    c.wK = 1
    c.wJ = weights.outputs
    c.yPixel = geometry.stride.width * inputChannelCount
    c.start = OCTET_START_OUTPUT
    for row in 0..<geometry.outputHeight {
      for group in 0..<weights.groups {
        let source =
          dy
          + (row * geometry.outputWidth * outputChannelCount
            + group * weights.outputs) * 16
        var w = context.parameters + weightOffset + group * weights.groupCount
        for i in 0..<weights.kernelHeight {
          let y = row * geometry.stride.height + i * geometry.dilation.height
          for j in 0..<weights.kernelWidth {
            let at = y * rowCount + j * geometry.dilation.width * inputChannelCount
            context.kernels.contract(
              &c, source, w, nil, lanes(dx, at + group * weights.inputs))
            w += weights.inputs * weights.outputs
          }
        }
      }
    }
  }

  private func copyRows(_ context: LaneContext, from: LaneBuffer, to: LaneBuffer) {
    let count = geometry.inputWidth * inputChannelCount
    let start =
      (geometry.paddingTop * geometry.paddedWidth + geometry.paddingLeft)
      * inputChannelCount
    for row in 0..<geometry.inputHeight {
      lanes(context.pointer(to), start + row * rowCount).update(
        from: lanes(context.pointer(from), row * count), count: count * LaneNetwork.laneCount)
    }
  }

  private func copyBack(_ context: LaneContext, _ target: InputGradient) {
    let count = geometry.inputWidth * inputChannelCount
    let start =
      (geometry.paddingTop * geometry.paddedWidth + geometry.paddingLeft)
      * inputChannelCount
    for row in 0..<geometry.inputHeight {
      let source = lanes(context.pointer(paddedGradient), start + row * rowCount)
      let result = lanes(context.pointer(target.buffer), row * count)
      if target.isFirst {
        result.update(from: source, count: count * LaneNetwork.laneCount)
      } else {
        context.kernels.add(count, result, source, result)
      }
    }
  }
}

/// Sizes in pixels.
struct ConvolutionGeometry: Sendable {
  var inputHeight, inputWidth: Int
  var paddedHeight, paddedWidth: Int
  var paddingTop, paddingLeft: Int
  var outputHeight, outputWidth: Int
  var stride, dilation: Extent
}

/// `count` elements of sixteen lanes further on.
func lanes(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) -> UnsafeMutablePointer<Float> {
  pointer + count * LaneNetwork.laneCount
}
