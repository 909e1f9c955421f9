import COctetFloatKernels

/// Max or average pool. A max pool gives a window's gradient to the first of its largest elements.
struct PoolStep: LaneStep {
  enum Kind: Sendable { case max, average }

  var kind: Kind
  var shape: octet_pool
  var input, output: LaneBuffer
  var outputGradient: LaneBuffer
  var inputGradient: InputGradient?
  /// Max pool: the input is a ReLU's result that only this step reads, so its gradient is masked
  /// here on the way.
  var takesReLUGradient: Bool

  func forward(_ context: LaneContext) {
    var shape = shape
    let pool = kind == .max ? context.kernels.maxPool : context.kernels.averagePool
    pool?(&shape, context.pointer(input), context.pointer(output))
  }

  func backward(_ context: LaneContext) {
    guard let inputGradient else { return }
    var shape = shape
    if inputGradient.isFirst { context.zero(inputGradient.buffer) }
    let dy = context.pointer(outputGradient)
    let dx = context.pointer(inputGradient.buffer)
    switch kind {
    case .max:
      context.kernels.maxPoolBackward(
        &shape, context.pointer(input), context.pointer(output), dy, dx,
        takesReLUGradient ? 1 : 0)
    case .average: context.kernels.averagePoolBackward(&shape, dy, dx)
    }
  }
}
