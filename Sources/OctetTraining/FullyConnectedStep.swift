import OctetModel

/// y[o] = b[o] + Σ_i x[i] · w[i][o], optionally with a ReLU on the result.
struct FullyConnectedStep: TrainingStep {
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?
  var weightOffset: Int
  var biasOffset: Int?
  var trainsWeights, trainsBias: Bool
  var hasReLU: Bool
  var takesReLUGradient: Bool

  func forward(_ context: StepContext) {
    var contraction = Contraction(
      outputCount: output.count, kCount: input.count, wK: output.count, wJ: 1)
    contraction.block.relu = hasReLU ? 1 : 0
    unsafe contraction.run(
      context.kernels, x: context.pointer(input), w: context.parameters + weightOffset,
      bias: biasOffset.map { unsafe context.parameters + $0 }, y: unsafe context.pointer(output))
  }

  func backward(_ context: StepContext) {
    let dy = unsafe context.pointer(outputGradient)
    let masks = hasReLU && takesReLUGradient
    let bias = trainsBias ? biasOffset : nil
    if masks || bias != nil {
      unsafe context.kernels.mask_sums(
        1, output.count, masks ? UnsafePointer(context.pointer(output)) : nil, dy,
        bias.map { unsafe context.gradients + $0 })
    }
    if trainsWeights { unsafe weightGradient(context, dy) }
    guard let inputGradient else { return }
    var contraction = Contraction(
      outputCount: input.count, kCount: output.count, wK: 1, wJ: output.count)
    contraction.block.accumulates = inputGradient.isFirst ? 0 : 1
    unsafe contraction.run(
      context.kernels, x: dy, w: context.parameters + weightOffset, bias: nil,
      y: context.pointer(inputGradient.buffer))
  }

  /// dw[i][o] = Σ_n x[i][n] · dy[o][n]: a product of matrices.
  private func weightGradient(_ context: StepContext, _ dy: UnsafePointer<Float>) {
    let lanes = TrainingNetwork.blockSize
    unsafe matrixMultiply(
      context.pointer(input), MatrixShape(rowCount: input.count, columnCount: lanes), dy,
      MatrixShape(rowCount: output.count, columnCount: lanes).transposed,
      into: context.gradients + weightOffset, cRowStride: output.count, accumulates: false,
      kernels: context.kernels)
  }
}
