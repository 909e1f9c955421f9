/// A ReLU that could not be taken along by the step before it.
struct ReLUStep: LaneStep {
  var input, output: LaneBuffer
  var outputGradient: LaneBuffer
  var inputGradient: InputGradient?

  func forward(_ context: LaneContext) {
    unsafe Lanewise.relu(input.count, context.pointer(input), into: context.pointer(output))
  }

  func backward(_ context: LaneContext) {
    guard let inputGradient else { return }
    let dy = unsafe context.pointer(outputGradient)
    let dx = unsafe context.pointer(inputGradient.buffer)
    if inputGradient.isFirst {
      unsafe Lanewise.maskByReLU(output.count, y: context.pointer(output), dy: dy, dx: dx)
    } else {
      unsafe Lanewise.maskByReLU(
        output.count, y: context.pointer(output), dy: dy, dx: context.scratch)
      unsafe Lanewise.add(output.count, dx, context.scratch, into: dx)
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
    unsafe Lanewise.add(
      output.count, context.pointer(inputs.0), context.pointer(inputs.1),
      into: context.pointer(output))
  }

  func backward(_ context: LaneContext) {
    let dy = unsafe context.pointer(outputGradient)
    for gradient in inputGradients {
      let dx = unsafe context.pointer(gradient.buffer)
      if gradient.isFirst {
        unsafe dx.update(from: dy, count: output.count * LaneNetwork.laneCount)
      } else {
        unsafe Lanewise.add(output.count, dx, dy, into: dx)
      }
    }
  }
}
