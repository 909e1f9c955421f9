import OctetModel

/// A function that only clamps, such as ReLU and ReLU6, where the step before it could not take it
/// along. The derivative is 1 strictly between the bounds, else 0.
struct ClampStep: TrainingStep {
  var bounds: ActivationBounds
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?

  func forward(_ context: StepContext) {
    unsafe context.kernels.clamp(
      input.count, bounds.lower, bounds.upper, context.pointer(input), context.pointer(output))
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    unsafe context.kernels.pass(
      output.count, bounds.lower, bounds.upper, context.pointer(output),
      context.pointer(outputGradient), inputGradient.isFirst ? 0 : 1,
      context.pointer(inputGradient.buffer))
  }
}

/// What a function that only clamps gives at least and at most.
struct ActivationBounds: Sendable, Equatable {
  var lower, upper: Float

  static let relu = ActivationBounds(lower: 0, upper: .infinity)
}

/// The sum of two tensors of the same shape, as residual networks have it, optionally with a ReLU
/// on it.
struct AddStep: TrainingStep {
  var inputs: (BlockBuffer, BlockBuffer)
  var output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradients: [InputGradient]
  var hasReLU: Bool
  /// False when the step after has already taken the ReLU's gradient.
  var takesReLUGradient: Bool

  func forward(_ context: StepContext) {
    unsafe context.kernels.add(
      output.count, context.pointer(inputs.0), context.pointer(inputs.1), hasReLU ? 1 : 0,
      context.pointer(output))
  }

  func backward(_ context: StepContext) {
    let dy = unsafe context.pointer(outputGradient)
    for gradient in inputGradients {
      let dx = unsafe context.pointer(gradient.buffer)
      guard hasReLU, takesReLUGradient else {
        if gradient.isFirst {
          unsafe dx.update(from: dy, count: output.count * TrainingNetwork.blockSize)
        } else {
          unsafe context.kernels.add(output.count, dx, dy, 0, dx)
        }
        continue
      }
      unsafe context.kernels.pass(
        output.count, 0, .infinity, context.pointer(output), dy, gradient.isFirst ? 0 : 1, dx)
    }
  }
}
