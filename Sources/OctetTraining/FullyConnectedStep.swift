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
    var contraction = Contraction(
      outputCount: output.count, kCount: input.count, wK: output.count, wJ: 1)
    contraction.block.relu = hasReLU ? 1 : 0
    unsafe contraction.run(
      context.kernels, x: context.pointer(input), w: context.parameters + weightOffset,
      bias: biasOffset.map { unsafe context.parameters + $0 }, y: unsafe context.pointer(output))
  }

  func backward(_ context: LaneContext) {
    let dy = unsafe context.pointer(outputGradient)
    if hasReLU, takesReLUGradient {
      unsafe Lanewise.maskByReLU(output.count, y: context.pointer(output), dy: dy, dx: dy)
    }
    if let biasOffset {
      unsafe Lanewise.sum(output.count, dy, into: context.gradients + biasOffset)
    }
    // dw[i][o] = Σ_n x[i][n] · dy[o][n]: a product of matrices.
    let lanes = LaneNetwork.laneCount
    unsafe matrixMultiply(
      context.pointer(input), MatrixShape(rowCount: input.count, columnCount: lanes), dy,
      MatrixShape(rowCount: output.count, columnCount: lanes).transposed,
      into: context.gradients + weightOffset, cRowStride: output.count, accumulates: false,
      kernels: context.kernels)
    guard let inputGradient else { return }
    var contraction = Contraction(
      outputCount: input.count, kCount: output.count, wK: 1, wJ: output.count)
    contraction.block.accumulates = inputGradient.isFirst ? 0 : 1
    unsafe contraction.run(
      context.kernels, x: dy, w: context.parameters + weightOffset, bias: nil,
      y: context.pointer(inputGradient.buffer))
  }
}
