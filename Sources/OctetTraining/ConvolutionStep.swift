import OctetModel

/// Convolution, grouped or depthwise, with bias and optionally a ReLU on its result.
///
/// Padding is real: the input is copied into the middle of a buffer whose border stays zero, so
/// the loops have no edges. With x the padded input and w `[KH][KW][I][O]` of one group:
///
///     forward   y[r, p, o]            = b[o] + Σ x[r·s + i·d, p·s + j·d, c] · w[i, j, c, o]
///     weights   dw[i, j, c, o]        = Σ x[r·s + i·d, p·s + j·d, c] · dy[r, p, o]
///     input     dx[r·s + i·d, p·s + j·d, c] += Σ_o w[i, j, c, o] · dy[r, p, o]
struct ConvolutionStep: TrainingStep {
  var input, output: BlockBuffer
  /// The padded input; the input itself without padding.
  var padded: BlockBuffer
  var outputGradient: BlockBuffer
  /// nil when nothing before this step needs it.
  var inputGradient: InputGradient?
  /// Like `padded`, for the gradient; unused without padding.
  var paddedGradient: BlockBuffer
  var weightOffset: Int
  var biasOffset: Int?
  var trainsWeights, trainsBias: Bool
  /// A factor of 1 or 0 for each weight's gradient; nil when all weights exist.
  var connections: [Float]?
  var weights: ConvolutionWeights
  var geometry: ConvolutionGeometry
  var hasReLU: Bool
  /// False when the step after has already taken the ReLU's gradient.
  var takesReLUGradient: Bool

  private var isPadded: Bool { padded.offset != input.offset }
  private var inputChannelCount: Int { weights.inputs * weights.groups }
  private var outputChannelCount: Int { weights.outputs * weights.groups }
  /// Floats from one pixel or row to the next.
  private var xPixel: Int { inputChannelCount * TrainingNetwork.blockSize }
  private var xRow: Int { geometry.paddedWidth * xPixel }
  private var yPixel: Int { outputChannelCount * TrainingNetwork.blockSize }
  private var yRow: Int { geometry.outputWidth * yPixel }

  func forward(_ context: StepContext) {
    if isPadded { copyRows(context, from: input, to: padded) }
    let contraction = forwardContraction()
    for group in 0..<weights.groups {
      unsafe contraction.run(
        context.kernels, x: element(context.pointer(padded), group * weights.inputs),
        w: context.parameters + weightOffset + group * weights.groupCount,
        bias: biasOffset.map { unsafe context.parameters + $0 + group * weights.outputs },
        y: unsafe element(context.pointer(output), group * weights.outputs))
    }
  }

  func backward(_ context: StepContext) {
    let dy = unsafe context.pointer(outputGradient)
    if hasReLU, takesReLUGradient {
      unsafe BlockKernels.maskByReLU(output.count, y: context.pointer(output), dy: dy, dx: dy)
    }
    if trainsBias, let biasOffset {
      unsafe BlockKernels.sumPixels(
        geometry.outputHeight * geometry.outputWidth, channelCount: outputChannelCount, dy,
        into: context.gradients + biasOffset)
    }
    if trainsWeights { unsafe weightGradient(context, dy) }
    guard let inputGradient else { return }
    let target = isPadded ? paddedGradient : inputGradient.buffer
    if isPadded || inputGradient.isFirst { context.zero(target) }
    unsafe addInputGradient(context, dy, to: context.pointer(target))
    if isPadded { copyBack(context, inputGradient) }
  }

  private func forwardContraction() -> Contraction {
    var c = Contraction(
      outputCount: weights.outputs, kCount: weights.inputs, wK: weights.outputs, wJ: 1)
    c.rowCount = geometry.outputHeight
    c.pixelCount = geometry.outputWidth
    c.xRow = geometry.stride.height * xRow
    c.yRow = yRow
    c.block.xPixel = geometry.stride.width * xPixel
    c.block.yPixel = yPixel
    c.block.aCount = weights.kernelHeight
    c.block.xA = geometry.dilation.height * xRow
    c.block.wA = weights.kernelWidth * weights.inputs * weights.outputs
    if geometry.dilation.width == 1, weights.groups == 1 {
      // A row of the kernel is contiguous: one loop instead of two.
      c.block.kCount *= weights.kernelWidth
    } else {
      c.block.bCount = weights.kernelWidth
      c.block.xB = geometry.dilation.width * xPixel
      c.block.wB = weights.inputs * weights.outputs
    }
    c.block.relu = hasReLU ? 1 : 0
    return c
  }

  private func weightGradient(_ context: StepContext, _ dy: UnsafePointer<Float>) {
    let sumK = weights.outputs * TrainingNetwork.blockSize
    let sumB = weights.inputs * sumK
    let correlation = Correlation(
      rowCount: geometry.outputHeight, pixelCount: geometry.outputWidth,
      outputCount: weights.outputs, aCount: weights.kernelHeight, bCount: weights.kernelWidth,
      kCount: weights.inputs, xRow: geometry.stride.height * xRow,
      xPixel: geometry.stride.width * xPixel, xA: geometry.dilation.height * xRow,
      xB: geometry.dilation.width * xPixel, yRow: yRow, yPixel: yPixel,
      sumA: weights.kernelWidth * sumB, sumB: sumB, sumK: sumK)
    let x = unsafe context.pointer(padded)
    for group in 0..<weights.groups {
      let floats = weights.groupCount * TrainingNetwork.blockSize
      unsafe context.scratch.update(repeating: 0, count: floats)
      unsafe correlation.run(
        context.kernels, x: element(x, group * weights.inputs),
        dy: element(dy, group * weights.outputs), sums: context.scratch)
      unsafe BlockKernels.sum(
        weights.groupCount, context.scratch,
        into: context.gradients + weightOffset + group * weights.groupCount)
    }
    for (index, factor) in (connections ?? []).enumerated() {
      unsafe context.gradients[weightOffset + index] *= factor
    }
  }

  private func addInputGradient(
    _ context: StepContext, _ dy: UnsafePointer<Float>, to dx: UnsafeMutablePointer<Float>
  ) {
    var c = Contraction(
      outputCount: weights.inputs, kCount: weights.outputs, wK: 1, wJ: weights.outputs)
    c.pixelCount = geometry.outputWidth
    c.block.xPixel = yPixel
    c.block.yPixel = geometry.stride.width * xPixel
    c.block.accumulates = 1
    for row in 0..<geometry.outputHeight {
      for group in 0..<weights.groups {
        let source = unsafe element(dy + row * yRow, group * weights.outputs)
        var w = unsafe context.parameters + weightOffset + group * weights.groupCount
        for i in 0..<weights.kernelHeight {
          let y = row * geometry.stride.height + i * geometry.dilation.height
          for j in 0..<weights.kernelWidth {
            let target = unsafe dx + y * xRow + j * geometry.dilation.width * xPixel
            unsafe c.run(
              context.kernels, x: source, w: w, bias: nil,
              y: element(target, group * weights.inputs))
            unsafe w += weights.inputs * weights.outputs
          }
        }
      }
    }
  }

  private func copyRows(_ context: StepContext, from: BlockBuffer, to: BlockBuffer) {
    let count = geometry.inputWidth * inputChannelCount
    let start = geometry.paddingTop * xRow + geometry.paddingLeft * xPixel
    for row in 0..<geometry.inputHeight {
      unsafe (context.pointer(to) + start + row * xRow).update(
        from: element(context.pointer(from), row * count), count: count * TrainingNetwork.blockSize)
    }
  }

  private func copyBack(_ context: StepContext, _ target: InputGradient) {
    let count = geometry.inputWidth * inputChannelCount
    let start = geometry.paddingTop * xRow + geometry.paddingLeft * xPixel
    for row in 0..<geometry.inputHeight {
      let source = unsafe context.pointer(paddedGradient) + start + row * xRow
      let result = unsafe element(context.pointer(target.buffer), row * count)
      if target.isFirst {
        unsafe result.update(from: source, count: count * TrainingNetwork.blockSize)
      } else {
        unsafe BlockKernels.add(count, result, source, into: result)
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

/// The element `count` further on, of sixteen images.
func element(_ pointer: UnsafeMutablePointer<Float>, _ count: Int) -> UnsafeMutablePointer<Float> {
  unsafe pointer + count * TrainingNetwork.blockSize
}

func element(_ pointer: UnsafePointer<Float>, _ count: Int) -> UnsafePointer<Float> {
  unsafe pointer + count * TrainingNetwork.blockSize
}
