import COctetFloatKernels

/// Some values become 0 at random, the others are divided by the share that is left (Srivastava
/// et al. 2014); a network in use passes all. What is dropped depends on seed, step, layer and the
/// image's place in the batch, so threads change nothing.
struct DropoutStep: TrainingStep {
  var input, output: BlockBuffer
  /// The gradient of input and output alike: masked in place.
  var gradient: BlockBuffer?
  var rate: Float
  /// Tells the dropout layers of a network apart.
  var layer: Int

  func forward(_ context: StepContext) {
    guard let place = context.place else {
      unsafe context.pointer(output).update(
        from: context.pointer(input), count: input.count * TrainingNetwork.blockSize)
      return
    }
    unsafe apply(context, place, from: context.pointer(input), to: context.pointer(output))
  }

  func backward(_ context: StepContext) {
    guard let gradient, let place = context.place else { return }
    let dy = unsafe context.pointer(gradient)
    unsafe apply(context, place, from: dy, to: dy)
  }

  private func apply(
    _ context: StepContext, _ place: BlockPlace, from source: UnsafePointer<Float>,
    to target: UnsafeMutablePointer<Float>
  ) {
    var key = SplitKey(place.seed)
    for part in [layer, place.step, place.index] { key.take(UInt64(part)) }
    var dropout = octet_dropout()
    (dropout.low, dropout.high) = (key.low, key.high)
    dropout.threshold = UInt32(Double(rate) * 0x1p24)
    dropout.scale = 1 / (1 - rate)
    unsafe context.kernels.dropout(&dropout, input.count, source, target)
  }
}

/// A number that depends on all that it took.
private struct SplitKey {
  private var state: UInt64

  init(_ seed: UInt64) { state = seed }

  /// The steps of SplitMix64.
  mutating func take(_ part: UInt64) {
    state = (state ^ part) &+ 0x9e37_79b9_7f4a_7c15
    state = (state ^ (state >> 30)) &* 0xbf58_476d_1ce4_e5b9
    state = (state ^ (state >> 27)) &* 0x94d0_49bb_1331_11eb
    state ^= state >> 31
  }

  var low: UInt32 { UInt32(truncatingIfNeeded: state) }
  var high: UInt32 { UInt32(truncatingIfNeeded: state >> 32) }
}
