import OctetModel

/// A function of one number, element by element, with the value and derivative of the one table of
/// scalar functions.
struct ScalarStep: TrainingStep {
  var curve: ScalarCurve
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?

  func forward(_ context: StepContext) {
    unsafe curve.values(
      input.count, elements(context.pointer(input)), into: elements(context.pointer(output)))
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    unsafe curve.gradients(
      input.count, x: elements(context.pointer(input)),
      dy: elements(context.pointer(outputGradient)),
      dx: elements(context.pointer(inputGradient.buffer)), accumulates: !inputGradient.isFirst)
  }
}
