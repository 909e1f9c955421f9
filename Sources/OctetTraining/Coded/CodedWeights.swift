import OctetModel

/// The weights of a layer: real numbers among the parameters, codes in the workspace.
///
/// With s the step of the output channel, s₀ what it was at the start and Q the largest code, a
/// parameter u stands for the weight s · clamp(round(u · s₀ · Q / s), −Q, Q). Gradients go straight
/// through to weights that are not clipped; the step's is that of LSQ, as for `CodeResult`, over
/// the channel's weights.
struct CodedWeights: Sendable {
  /// Where the real weights stand among the parameters: `groups` times `rows` rows of `outputs`.
  var offset: Int
  var groups, rows, outputs: Int
  var grid: WeightGrid
  /// Where the learned steps' logarithms stand; nil where steps stay.
  var stepOffset: Int?
  /// Codes; with two parts w = 16 · high + low, the low ones first.
  var parts: [BlockBuffer]
  /// Gradients as the layer's own step gives them.
  var gradients: BlockBuffer
  /// Room for the steps, and for what parameters are divided by to be counted in steps.
  var steps: BlockBuffer

  /// Beyond it a sum of so many products of codes is not exact in floats.
  static let exactLimit = 1 << 24

  private var count: Int { groups * rows * outputs }

  private var channelCount: Int { groups * outputs }

  func step(_ channel: Int, _ context: StepContext) -> Float {
    CodedGraph.step(grid.starts[channel], moved: moved(channel, context))
  }

  private func moved(_ channel: Int, _ context: StepContext) -> Float {
    stepOffset.map { unsafe context.parameters[$0 + channel] } ?? 0
  }

  /// What a parameter is divided by to be counted in steps.
  ///
  /// - Parameter logarithm: of how far the step has moved.
  static func divisor(moved logarithm: Float, limit: Float) -> Float {
    CodedGraph.step(1 / limit, moved: logarithm)
  }

  /// The code of a weight's parameter, as a float.
  @inline(__always)
  static func code(_ parameter: Float, divisor: Float, limit: Float) -> Float {
    var steps = parameter / divisor
    steps = steps < -limit ? -limit : steps
    return nearest(steps > limit ? limit : steps)
  }

  /// The code of a bias.
  static func biasCode(_ bias: Float, inputStep: Float, weightStep: Float) -> Int32 {
    TieRule.awayFromZero.code(
      steps: Double(bias) / (Double(inputStep) * Double(weightStep)), in: .min ... .max)
  }

  /// The nearest integer of a number below 2²²: what is added leaves no bits for the rest.
  @inline(__always)
  private static func nearest(_ number: Float) -> Float { (number + 0x1.8p23) - 0x1.8p23 }

  /// Calls `body` for each row: the place of its first weight, and the first channel's.
  @inline(__always)
  private func forEachRow(_ body: (_ first: Int, _ channel: Int) -> Void) {
    for group in 0..<groups {
      for row in 0..<rows { body((group * rows + row) * outputs, group * outputs) }
    }
  }

  /// Writes the codes, and the steps for all that follows.
  func round(_ context: StepContext) {
    let weights = unsafe context.parameters + offset
    let low = unsafe context.pointer(parts[0])
    let steps = unsafe context.pointer(self.steps)
    let divisors = unsafe steps + channelCount
    let limit = grid.limit
    for channel in 0..<channelCount {
      unsafe steps[channel] = step(channel, context)
      unsafe divisors[channel] = Self.divisor(moved: moved(channel, context), limit: limit)
    }
    forEachRow { first, channel in
      for o in 0..<outputs {
        unsafe low[first + o] = Self.code(
          weights[first + o], divisor: divisors[channel + o], limit: limit)
      }
    }
    guard parts.count > 1 else { return }
    let high = unsafe context.pointer(parts[1])
    for place in 0..<count {
      unsafe high[place] = Self.nearest(low[place] / 16)
      unsafe low[place] -= 16 * high[place]
    }
  }

  /// Puts what the codes stand for in the place of the first part.
  func makeReal(_ context: StepContext) {
    let low = unsafe context.pointer(parts[0])
    let steps = unsafe context.pointer(self.steps)
    if parts.count > 1 {
      let high = unsafe context.pointer(parts[1])
      for place in 0..<count { unsafe low[place] += 16 * high[place] }
    }
    forEachRow { first, channel in
      for o in 0..<outputs { unsafe low[first + o] *= steps[channel + o] }
    }
  }

  /// Makes of the gradients of the layer's step, which multiplied with codes of its input, those of
  /// the real weights and of their steps.
  func passBack(_ context: StepContext, inputStep: Float) {
    let weights = unsafe context.parameters + offset
    let own = unsafe context.pointer(gradients)
    let steps = unsafe context.pointer(self.steps)
    let target = unsafe context.gradients + offset
    let divisors = unsafe steps + channelCount
    let limit = grid.limit
    // A weight that is rounded to the last code, not clipped to it, may come back.
    let reach = limit + 0.5
    unsafe grid.starts.withUnsafeBufferPointer { starts in
      forEachRow { first, channel in
        for o in 0..<outputs {
          let value = unsafe abs(weights[first + o] / divisors[channel + o])
          let unit = unsafe inputStep * starts[channel + o] * limit
          unsafe target[first + o] = value <= reach ? own[first + o] * unit : 0
        }
      }
    }
    guard let stepOffset else { return }
    let sums = unsafe context.gradients + stepOffset
    for channel in 0..<channelCount { unsafe sums[channel] = 0 }
    forEachRow { first, channel in
      for o in 0..<outputs {
        let value = unsafe weights[first + o] / divisors[channel + o]
        let share =
          abs(value) < limit ? Self.nearest(value) - value : value < 0 ? -limit : limit
        unsafe sums[channel + o] += own[first + o] * inputStep * share
      }
    }
    let scale = 1 / (Float(rows) * limit).squareRoot()
    for channel in 0..<channelCount { unsafe sums[channel] *= steps[channel] * scale }
  }
}
