import COctetFloatKernels
import OctetModel

/// y = x · s^−β with s = bias + α / size · Σ x² over `size` neighbouring channels (Krizhevsky et
/// al. 2012).
struct NeighbourNormalizationStep: TrainingStep {
  var input, output: BlockBuffer
  /// s of every element.
  var sums: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?
  var channelCount, size: Int
  var alpha, beta, bias: Float

  private var before: Int { (size - 1) / 2 }
  private var after: Int { size / 2 }

  private func neighbours(_ isAdded: Bool) -> octet_neighbours {
    octet_neighbours(
      pixels: input.count / channelCount, channels: channelCount, before: before, after: after,
      bias: bias, factor: alpha / Float(size), beta: beta, accumulates: isAdded ? 1 : 0)
  }

  func forward(_ context: StepContext) {
    var n = neighbours(false)
    unsafe context.kernels.neighbours(
      &n, context.pointer(input), context.pointer(sums), context.pointer(output))
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    var n = neighbours(!inputGradient.isFirst)
    unsafe context.kernels.neighbours_gradient(
      &n, context.pointer(input), context.pointer(output), context.pointer(sums),
      context.pointer(outputGradient), context.scratch, context.pointer(inputGradient.buffer))
  }
}
