import OctetModel

/// y = (x − mean[c]) / √(variance[c] + ε) · γ[c] + β[c], optionally with a ReLU on the result
/// (Ioffe and Szegedy 2015).
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
  var hasReLU: Bool
  var takesReLUGradient: Bool
  var isFrozen: Bool
  /// The block's contributions, two floats for each channel: mean and squared distances; the sums
  /// of dy and of dy · x̂.
  var moments, gradientSums: BlockBuffer
  /// For all blocks: mean and 1 / √(variance + ε).
  var statistics: BlockBuffer
  var channelCount: Int

  /// The share of a batch in the running statistics.
  static let share: Float = 0.1

  private var pixelCount: Int { input.count / channelCount }
  /// The elements that a buffer of two floats for each channel takes.
  static func pairCount(_ channels: Int) -> Int { (2 * channels + 15) / 16 }

  func gather(_ context: StepContext) {
    guard let place = context.place else { return }
    let (x, channels) = unsafe (elements(context.pointer(input)), channelCount)
    let moments = unsafe context.pointer(moments)
    let mask = place.mask
    let count = Float(place.laneCount * pixelCount)
    for first in stride(from: 0, to: channels, by: 2) {
      let second = min(first + 1, channels - 1)
      let sums = unsafe sum(from: x, first, second) { a, _ in
        Lanes().replacing(with: a, where: mask)
      }
      let means = (sums.0 / count, sums.1 / count)
      let squares = unsafe sum(from: x, first, second) { a, isFirst in
        let distance = a - (isFirst ? means.0 : means.1)
        return Lanes().replacing(with: distance * distance, where: mask)
      }
      unsafe (moments[first], moments[channels + first]) = (means.0, squares.0)
      unsafe (moments[second], moments[channels + second]) = (means.1, squares.1)
    }
  }

  /// Sums over pixels and lanes for two neighbouring channels, which share their cache lines.
  @inline(__always)
  private func sum(
    from x: UnsafePointer<Lanes>, _ first: Int, _ second: Int, _ term: (Lanes, Bool) -> Lanes
  ) -> (Float, Float) {
    var (a, b) = (Lanes(), Lanes())
    for pixel in 0..<pixelCount {
      let row = unsafe x + pixel * channelCount
      a += unsafe term(row[first], true)
      b += unsafe term(row[second], false)
    }
    return (a.sum(), b.sum())
  }

  func forward(_ context: StepContext) {
    if let place = context.place, !isFrozen {
      combine(context, place)
    } else {
      useRunningStatistics(context)
    }
    let statistics = unsafe context.pointer(statistics)
    let (x, y) = unsafe (
      elements(context.pointer(input)), elements(context.pointer(output))
    )
    let (gamma, beta) = unsafe (context.parameters + gamma, context.parameters + beta)
    // x · factor + offset, prepared once for each channel.
    let factors = unsafe context.scratch
    let offsets = unsafe factors + channelCount
    for c in 0..<channelCount {
      unsafe factors[c] = gamma[c] * statistics[channelCount + c]
      unsafe offsets[c] = beta[c] - statistics[c] * factors[c]
    }
    var index = 0
    for _ in 0..<pixelCount {
      for c in 0..<channelCount {
        let value = unsafe x[index] * factors[c] + offsets[c]
        unsafe y[index] =
          hasReLU ? Lanes().replacing(with: value, where: value .> Lanes()) : value
        index += 1
      }
    }
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
    maskByReLU(context)
    let (x, dy) = unsafe (
      elements(context.pointer(input)), elements(context.pointer(outputGradient))
    )
    let statistics = unsafe context.pointer(statistics)
    let sums = unsafe context.pointer(gradientSums)
    for c in 0..<channelCount {
      let mean = unsafe statistics[c]
      let inverse = unsafe statistics[channelCount + c]
      var (plain, weighted) = (Lanes(), Lanes())
      var index = c
      for _ in 0..<pixelCount {
        let gradient = unsafe dy[index]
        plain += gradient
        weighted += unsafe gradient * (x[index] - mean)
        index += channelCount
      }
      unsafe sums[c] = plain.sum()
      unsafe sums[channelCount + c] = weighted.sum() * inverse
      unsafe context.gradients[beta + c] = sums[c]
      unsafe context.gradients[gamma + c] = sums[channelCount + c]
    }
  }

  private func maskByReLU(_ context: StepContext) {
    guard hasReLU, takesReLUGradient else { return }
    let dy = unsafe context.pointer(outputGradient)
    unsafe BlockKernels.maskByReLU(output.count, y: context.pointer(output), dy: dy, dx: dy)
  }

  /// dx = γ / σ · (dy − mean(dy) − x̂ · mean(dy · x̂)), 0 in lanes without an image.
  func backward(_ context: StepContext) {
    guard let inputGradient else { return }
    if isFrozen { maskByReLU(context) }
    let statistics = unsafe context.pointer(statistics)
    let (factors, means) = unsafe (context.scratch, context.scratch + channelCount)
    let slopes = unsafe means + channelCount
    unsafe sumGradients(context, factors: factors, means: means, slopes: slopes)
    let (x, dy) = unsafe (
      elements(context.pointer(input)), elements(context.pointer(outputGradient))
    )
    let dx = unsafe elements(context.pointer(inputGradient.buffer))
    let mask = context.place?.mask ?? SIMDMask(repeating: true)
    var index = 0
    for _ in 0..<pixelCount {
      for c in 0..<channelCount {
        let rest = unsafe dy[index] - means[c] - (x[index] - statistics[c]) * slopes[c]
        let value = unsafe Lanes().replacing(with: rest * factors[c], where: mask)
        unsafe dx[index] = inputGradient.isFirst ? value : dx[index] + value
        index += 1
      }
    }
  }

  /// For each channel γ / σ, mean(dy) and mean(dy · x̂) / σ over the batch; the means are 0 where
  /// the statistics do not depend on x.
  private func sumGradients(
    _ context: StepContext, factors: UnsafeMutablePointer<Float>,
    means: UnsafeMutablePointer<Float>, slopes: UnsafeMutablePointer<Float>
  ) {
    let statistics = unsafe context.pointer(statistics)
    let offset = gradientSums.offset * TrainingNetwork.blockSize
    for c in 0..<channelCount {
      let inverse = unsafe statistics[channelCount + c]
      unsafe factors[c] = context.parameters[gamma + c] * inverse
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
      unsafe slopes[c] = Float(weighted) * inverse
    }
  }
}
