/// A ReLU that could not be taken along by the step before it.
struct ReLUStep: TrainingStep {
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?

  func forward(_ context: StepContext) {
    unsafe BlockKernels.relu(input.count, context.pointer(input), into: context.pointer(output))
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    let dy = unsafe context.pointer(outputGradient)
    let dx = unsafe context.pointer(inputGradient.buffer)
    if inputGradient.isFirst {
      unsafe BlockKernels.maskByReLU(output.count, y: context.pointer(output), dy: dy, dx: dx)
    } else {
      unsafe BlockKernels.maskByReLU(
        output.count, y: context.pointer(output), dy: dy, dx: context.scratch)
      unsafe BlockKernels.add(output.count, dx, context.scratch, into: dx)
    }
  }
}

/// The sum of two tensors of the same shape, as residual networks have it.
struct AddStep: TrainingStep {
  var inputs: (BlockBuffer, BlockBuffer)
  var output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradients: [InputGradient]

  func forward(_ context: StepContext) {
    unsafe BlockKernels.add(
      output.count, context.pointer(inputs.0), context.pointer(inputs.1),
      into: context.pointer(output))
  }

  func backward(_ context: StepContext) {
    let dy = unsafe context.pointer(outputGradient)
    for gradient in inputGradients {
      let dx = unsafe context.pointer(gradient.buffer)
      if gradient.isFirst {
        unsafe dx.update(from: dy, count: output.count * TrainingNetwork.blockSize)
      } else {
        unsafe BlockKernels.add(output.count, dx, dy, into: dx)
      }
    }
  }
}
