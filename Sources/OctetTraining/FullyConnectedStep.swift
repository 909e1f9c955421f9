import COctetFloatKernels
import OctetModel

/// y[o] = b[o] + Σ_i x[i] · w[i][o], optionally with a ReLU on the result.
struct FullyConnectedStep: LaneStep {
  var input, output: LaneBuffer
  var outputGradient: LaneBuffer
  var inputGradient: InputGradient?
  var weightOffset: Int
  var biasOffset: Int?
  var hasReLU: Bool
  var takesReLUGradient: Bool

  func forward(_ context: LaneContext) {
    var c = octet_contraction()
    c.rowCount = 1
    c.pixelCount = 1
    c.outputCount = output.count
    c.aCount = 1
    c.bCount = 1
    c.kCount = input.count
    c.wK = output.count
    c.wJ = 1
    c.start = biasOffset == nil ? OCTET_START_ZERO : OCTET_START_BIAS
    c.relu = hasReLU ? 1 : 0
    context.kernels.contract(
      &c, context.pointer(input), context.parameters + weightOffset,
      biasOffset.map { context.parameters + $0 }, context.pointer(output))
  }

  func backward(_ context: LaneContext) {
    let dy = context.pointer(outputGradient)
    if hasReLU, takesReLUGradient {
      context.kernels.reluBackward(output.count, context.pointer(output), dy, dy)
    }
    if let biasOffset {
      context.kernels.sumLanes(output.count, dy, context.gradients + biasOffset)
    }
    // dw[i][o] = Σ_n x[i][n] · dy[o][n]: a product of matrices once dy is turned to [n][o].
    let stride = scratchRowCount(output.count)
    for o in 0..<output.count {
      for n in 0..<LaneNetwork.laneCount {
        context.scratch[n * stride + o] = dy[o * LaneNetwork.laneCount + n]
      }
    }
    context.kernels.multiply(
      input.count, output.count, LaneNetwork.laneCount, context.pointer(input),
      LaneNetwork.laneCount, 1, context.scratch, stride, 1,
      context.gradients + weightOffset, output.count, 0)
    guard let inputGradient else { return }
    var c = octet_contraction()
    c.rowCount = 1
    c.pixelCount = 1
    c.outputCount = input.count
    c.aCount = 1
    c.bCount = 1
    c.kCount = output.count
    c.wK = 1
    c.wJ = output.count
    c.start = inputGradient.isFirst ? OCTET_START_ZERO : OCTET_START_OUTPUT
    context.kernels.contract(
      &c, dy, context.parameters + weightOffset, nil, context.pointer(inputGradient.buffer))
  }
}

/// Floats of one row of the transposed gradient: `count` rounded up to whole vectors.
func scratchRowCount(_ count: Int) -> Int { (count + 15) / 16 * 16 }
