/// Max or average pool. A max pool gives a window's gradient to the first of its largest elements.
struct PoolStep: TrainingStep {
  enum Kind: Sendable { case max, average }

  var kind: Kind
  var shape: PoolKernel
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?
  /// Max pool: the input is a ReLU's result that only this step reads, so its gradient is masked
  /// here on the way.
  var takesReLUGradient: Bool

  func forward(_ context: StepContext) {
    let x = unsafe elements(context.pointer(input))
    let y = unsafe elements(context.pointer(output))
    switch kind {
    case .max: unsafe shape.max(x, into: y)
    case .average: unsafe shape.average(x, into: y)
    }
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    if inputGradient.isFirst { context.zero(inputGradient.buffer) }
    let dy = unsafe elements(context.pointer(outputGradient))
    let dx = unsafe elements(context.pointer(inputGradient.buffer))
    switch kind {
    case .max:
      unsafe shape.maxGradient(
        x: elements(context.pointer(input)), y: elements(context.pointer(output)), dy: dy,
        dx: dx, takesReLUGradient: takesReLUGradient)
    case .average: unsafe shape.averageGradient(dy: dy, dx: dx)
    }
  }
}
