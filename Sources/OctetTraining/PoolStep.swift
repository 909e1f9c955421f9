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
    let (x, y) = unsafe (context.pointer(input), context.pointer(output))
    shape.forEachPart(accumulates: false) { part, from, to, divisor in
      var part = part
      let (x, y) = unsafe (element(x, from), element(y, to))
      switch kind {
      case .max:
        if part.rows * part.columns > 0 {
          unsafe context.kernels.largest(&part, x, y)
        } else {
          // A window without pixels.
          unsafe y.update(repeating: 0, count: part.channels * TrainingNetwork.blockSize)
        }
      case .average: unsafe context.kernels.sum_window(&part, x, 1 / divisor, y)
      }
    }
  }

  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    let stores = inputGradient.isFirst && shape.coversOnce
    if inputGradient.isFirst, !stores { context.zero(inputGradient.buffer) }
    let (x, y) = unsafe (context.pointer(input), context.pointer(output))
    let dy = unsafe context.pointer(outputGradient)
    let dx = unsafe context.pointer(inputGradient.buffer)
    shape.forEachPart(accumulates: !stores) { part, from, to, divisor in
      var part = part
      switch kind {
      case .max:
        unsafe context.kernels.largest_gradient(
          &part, element(x, from), element(y, to), element(dy, to), takesReLUGradient ? 1 : 0,
          element(dx, from))
      case .average:
        unsafe context.kernels.spread_window(
          &part, element(dy, to), 1 / divisor, element(dx, from))
      }
    }
  }
}
