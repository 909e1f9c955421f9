/// A ReLU that could not be taken along by the step before it.
struct ReLUStep: LaneStep {
  var input, output: LaneBuffer
  var outputGradient: LaneBuffer
  var inputGradient: InputGradient?

  func forward(_ context: LaneContext) {
    context.kernels.relu(input.count, context.pointer(input), context.pointer(output))
  }

  func backward(_ context: LaneContext) {
    guard let inputGradient else { return }
    let dy = context.pointer(outputGradient)
    let dx = context.pointer(inputGradient.buffer)
    if inputGradient.isFirst {
      context.kernels.reluBackward(output.count, context.pointer(output), dy, dx)
    } else {
      context.kernels.reluBackward(
        output.count, context.pointer(output), dy, context.scratch)
      context.kernels.add(output.count, dx, context.scratch, dx)
    }
  }
}

/// The sum of two tensors of the same shape, as residual networks have it.
struct AddStep: LaneStep {
  var inputs: (LaneBuffer, LaneBuffer)
  var output: LaneBuffer
  var outputGradient: LaneBuffer
  var inputGradients: [InputGradient]

  func forward(_ context: LaneContext) {
    context.kernels.add(
      output.count, context.pointer(inputs.0), context.pointer(inputs.1),
      context.pointer(output))
  }

  func backward(_ context: LaneContext) {
    let dy = context.pointer(outputGradient)
    for gradient in inputGradients {
      let dx = context.pointer(gradient.buffer)
      if gradient.isFirst {
        dx.update(from: dy, count: output.count * LaneNetwork.laneCount)
      } else {
        context.kernels.add(output.count, dx, dy, dx)
      }
    }
  }
}
