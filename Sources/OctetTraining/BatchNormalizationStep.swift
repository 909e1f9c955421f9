import COctetFloatKernels
import OctetModel

/// y = (x − mean[c]) / √(variance[c] + ε) · γ[c] + β[c], optionally with an activation that
/// clamps on the result (Ioffe and Szegedy 2015).
///
/// In training, mean and variance are those of the batch, over images and pixels; each block
/// contributes its own mean and its sum of squared distances from that, which are combined without
/// cancellation. Running averages of them (the unbiased variance, as in PyTorch) are kept in the
/// parameters for the network in use. A frozen layer uses these in training too.
struct BatchNormalizationStep: BatchStep {
  var input, output: BlockBuffer
  var outputGradient: BlockBuffer
  var inputGradient: InputGradient?
  var epsilon: Float
  /// Parameter offsets.
  var gamma, beta, mean, variance: Int
  /// The activation on the result; nil for none.
  var bounds: ActivationBounds?
  /// False when the step after has already taken the activation's gradient.
  var takesActivationGradient: Bool
  var isFrozen: Bool
  /// The block's contributions, two floats for each channel: mean and squared distances; the sums
  /// of dy and of dy · x̂.
  var moments, gradientSums: BlockBuffer
  /// For all blocks: mean and 1 / √(variance + ε), then γ / σ and what is added to x times that.
  var statistics: BlockBuffer
  var channelCount: Int

  /// The share of a batch in the running statistics.
  static let share: Float = 0.1

  private var pixelCount: Int { input.count / channelCount }
  /// The elements that a buffer of so many floats for each channel takes.
  static func elementCount(_ channels: Int, floats: Int) -> Int { (floats * channels + 15) / 16 }

  /// What the kernels need to know; backward also uses `shifts` and `slopes` of the scratch room.
  private func normalization(
    _ context: StepContext, isForward: Bool
  ) -> octet_normalization {
    var n = unsafe octet_normalization()
    unsafe (n.pixels, n.channels) = (pixelCount, channelCount)
    unsafe n.lanes = context.place?.laneCount ?? TrainingNetwork.blockSize
    let statistics = unsafe UnsafePointer(context.pointer(statistics))
    unsafe (n.means, n.factors) = (statistics, statistics + 2 * channelCount)
    unsafe n.offsets = statistics + 3 * channelCount
    let bounds = isForward || takesActivationGradient ? bounds : nil
    unsafe (n.lower, n.upper) = (bounds?.lower ?? -.infinity, bounds?.upper ?? .infinity)
    return unsafe n
  }

  func gather(_ context: StepContext) {
    var n = unsafe normalization(context, isForward: true)
    let moments = unsafe context.pointer(moments)
    unsafe context.kernels.moments(
      &n, context.pointer(input), moments, moments + channelCount)
  }

  func forward(_ context: StepContext) {
    if let place = context.place, !isFrozen {
      combine(context, place)
    } else {
      useRunningStatistics(context)
    }
    let statistics = unsafe context.pointer(statistics)
    let (gamma, beta) = unsafe (context.parameters + gamma, context.parameters + beta)
    let factors = unsafe statistics + 2 * channelCount
    for c in 0..<channelCount {
      unsafe factors[c] = gamma[c] * statistics[channelCount + c]
      unsafe factors[channelCount + c] = beta[c] - statistics[c] * factors[c]
    }
    var n = unsafe normalization(context, isForward: true)
    unsafe context.kernels.normalize(&n, context.pointer(input), context.pointer(output))
  }

  private func useRunningStatistics(_ context: StepContext) {
    let statistics = unsafe context.pointer(statistics)
    for c in 0..<channelCount {
      unsafe statistics[c] = context.parameters[mean + c]
      unsafe statistics[channelCount + c] =
        1 / (context.parameters[variance + c] + epsilon).squareRoot()
    }
  }

  /// The batch's statistics from those of all blocks, in their order; the first block also takes
  /// them into the running ones.
  private func combine(_ context: StepContext, _ place: BlockPlace) {
    let statistics = unsafe context.pointer(statistics)
    let offset = moments.offset * TrainingNetwork.blockSize
    let total = Double(place.imageCount * pixelCount)
    for c in 0..<channelCount {
      var mean = 0.0
      for block in 0..<place.blockCount {
        let weight = Double(place.laneCount(of: block) * pixelCount) / total
        unsafe mean += weight * Double(place.peers[block][offset + c])
      }
      var squares = 0.0
      for block in 0..<place.blockCount {
        let own = unsafe place.peers[block] + offset
        let distance = unsafe Double(own[c]) - mean
        let count = Double(place.laneCount(of: block) * pixelCount)
        unsafe squares += Double(own[channelCount + c]) + count * distance * distance
      }
      unsafe statistics[c] = Float(mean)
      unsafe statistics[channelCount + c] =
        Float(1 / (squares / total + Double(epsilon)).squareRoot())
      if place.index == 0, let running = unsafe place.runningStatistics {
        let unbiased = Float(squares / max(total - 1, 1))
        unsafe running[self.mean + c] += Self.share * (Float(mean) - running[self.mean + c])
        unsafe running[variance + c] += Self.share * (unbiased - running[variance + c])
      }
    }
  }

  func gatherGradients(_ context: StepContext) {
    var n = unsafe normalization(context, isForward: false)
    let sums = unsafe context.pointer(gradientSums)
    unsafe context.kernels.gradient_sums(
      &n, context.pointer(input), context.pointer(outputGradient), sums, sums + channelCount)
    let statistics = unsafe context.pointer(statistics)
    for c in 0..<channelCount {
      unsafe sums[channelCount + c] *= statistics[channelCount + c]
      unsafe context.gradients[beta + c] = sums[c]
      unsafe context.gradients[gamma + c] = sums[channelCount + c]
    }
  }

  /// dx = γ / σ · (dy − mean(dy) − x̂ · mean(dy · x̂)), 0 in lanes without an image.
  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    var n = unsafe normalization(context, isForward: false)
    let (shifts, slopes) = unsafe (context.scratch, context.scratch + channelCount)
    unsafe sumGradients(context, means: shifts, slopes: slopes)
    unsafe (n.shifts, n.slopes) = (UnsafePointer(shifts), UnsafePointer(slopes))
    unsafe n.accumulates = inputGradient.isFirst ? 0 : 1
    unsafe context.kernels.normalize_gradient(
      &n, context.pointer(input), context.pointer(outputGradient),
      context.pointer(inputGradient.buffer))
  }

  /// For each channel mean(dy) and mean(dy · x̂) / σ over the batch, which are 0 where the
  /// statistics do not depend on x.
  private func sumGradients(
    _ context: StepContext, means: UnsafeMutablePointer<Float>,
    slopes: UnsafeMutablePointer<Float>
  ) {
    let statistics = unsafe context.pointer(statistics)
    let offset = gradientSums.offset * TrainingNetwork.blockSize
    for c in 0..<channelCount {
      var (plain, weighted) = (0.0, 0.0)
      if let place = context.place, !isFrozen {
        for block in 0..<place.blockCount {
          let sums = unsafe place.peers[block] + offset
          unsafe plain += Double(sums[c])
          unsafe weighted += Double(sums[channelCount + c])
        }
        let total = Double(place.imageCount * pixelCount)
        (plain, weighted) = (plain / total, weighted / total)
      }
      unsafe means[c] = Float(plain)
      unsafe slopes[c] = Float(weighted) * statistics[channelCount + c]
    }
  }
}
