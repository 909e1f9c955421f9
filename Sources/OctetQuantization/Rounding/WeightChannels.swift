import OctetModel

/// The real weights of a node, to be rounded to codes channel by channel.
struct WeightChannels: Sendable {
  let values: [Float]
  let bias: [Float]?
  let scales: [Float]
  let shape: [Int]
  let axis: Int
  /// 8 or 4.
  let bits: Int

  /// The largest code; the least one is its negative.
  static func limit(bits: Int) -> Int32 { 1 << Int32(bits - 1) - 1 }

  /// Codes, in the order of `values`, and the real biases that go with them.
  struct Rounded: Sendable {
    var codes: [Int8]
    var bias: [Double]
    var rounding: Rounding
  }

  private var channelCount: Int { shape[axis] }
  private var inner: Int { shape[(axis + 1)...].reduce(1, *) }

  /// Each weight to the nearest code.
  func nearest() -> Rounded {
    Rounded(
      codes: values.indices.map { code(Double(values[$0]), channel: $0 / inner % channelCount) },
      bias: (0..<channelCount).map { Double(bias?[$0] ?? 0) }, rounding: .nearest)
  }

  /// Codes that change the layer's outputs least.
  ///
  /// With `errorFeedback` weights are rounded one after the other, and each one's error is made
  /// good by those not yet rounded, and what is left by the bias (Frantar et al., "GPTQ", ICLR
  /// 2023, after Hassibi and Stork, "Optimal Brain Surgeon", 1993; the column of ones for the bias
  /// is ours).
  ///
  /// With `adaptive` the layer is to give on quantized inputs x̂ what the float layer gives on its
  /// own inputs x, as in Nagel et al., "Up or Down? Adaptive Rounding for Post-Training
  /// Quantization", ICML 2020, equation 25 without the activation: Σ (w · x − w̃ · x̂)² is least. Its
  /// minimum over the reals is known from sums of products; error feedback leads from there to
  /// codes, and steps of one weight at a time to where none lowers the sum any more.
  ///
  /// - Returns: nil where the sums tell nothing, as when all inputs were 0.
  func rounded(_ rounding: Rounding, _ statistics: InputStatistics) -> Rounded? {
    var result = nearest()
    if rounding == .nearest { return result }
    result.rounding = rounding
    for group in statistics.quantized.indices {
      guard let sums = WeightErrorSums(statistics, group: group) else { return nil }
      let channels = self.channels(of: group, statistics)
      let real = channels.flatMap { weights(of: $0) }
      let targets = rounding == .adaptive ? sums.targets(real) : real
      for (row, channel) in channels.enumerated() {
        let own = row * statistics.size..<(row + 1) * statistics.size
        let (target, scale) = (targets[own].map { Double($0) }, Double(scales[channel]))
        var weights = target
        let round = { (weight: Double) in Double(code(weight, channel: channel)) * scale }
        sums.feedErrorsBack(&weights, round)
        if rounding == .adaptive { sums.descend(&weights, to: target, round) }
        for (index, position) in positions(of: channel).enumerated() {
          result.codes[position] = code(weights[index], channel: channel)
        }
        result.bias[channel] = weights[statistics.size - 1]
      }
    }
    return result
  }

  /// Σ (w · x − w̃ · x̂)² over all channels, less Σ (w · x − w · x̂)², which is the same for all
  /// codes.
  func error(_ rounded: Rounded, _ statistics: InputStatistics) -> Double {
    let size = statistics.size
    var sum = 0.0
    for group in statistics.quantized.indices {
      let channels = self.channels(of: group, statistics)
      let real = channels.flatMap { weights(of: $0) }
      let steps = channels.flatMap { channel in
        positions(of: channel).map { Float(rounded.codes[$0]) * scales[channel] }
          + [Float(rounded.bias[channel])]
      }
      let difference = zip(steps, real).map { $0 - $1 }
      // d · Σ x̂x̂ᵀ · d + 2 · w · Σ (x̂ − x)x̂ᵀ · d
      let square = product(difference, statistics.quantized[group].map { Float($0) }, size)
      let drift = product(real, statistics.difference(group: group), size)
      for index in difference.indices {
        sum += Double(difference[index]) * (Double(square[index]) + 2 * Double(drift[index]))
      }
    }
    return sum
  }

  private func channels(of group: Int, _ statistics: InputStatistics) -> Range<Int> {
    group * statistics.channelsPerGroup..<(group + 1) * statistics.channelsPerGroup
  }

  /// A channel's weights in the order of a patch, the bias last.
  private func weights(of channel: Int) -> [Float] {
    positions(of: channel).map { values[$0] } + [bias?[channel] ?? 0]
  }

  /// The biases with which each channel's mean output on quantized inputs is the float layer's on
  /// its own (Nagel et al., ICCV 2019, section 4.2).
  ///
  /// - Parameter patches: the mean patch of each group.
  func correctedBias(
    _ codes: [Int8], _ patches: [[(real: Double, quantized: Double)]]
  ) -> [Double] {
    let perGroup = channelCount / max(patches.count, 1)
    return (0..<channelCount).map { channel in
      let patch = patches[channel / max(perGroup, 1)]
      var sum = Double(bias?[channel] ?? 0)
      for (index, position) in positions(of: channel).enumerated() {
        sum += Double(values[position]) * patch[index].real
        sum -= Double(codes[position]) * Double(scales[channel]) * patch[index].quantized
      }
      return sum
    }
  }

  private func code(_ weight: Double, channel: Int) -> Int8 {
    let limit = Self.limit(bits: bits)
    let steps = weight / Double(scales[channel])
    return Int8(TieRule.awayFromZero.code(steps: steps, in: -limit...limit))
  }

  /// Where the weights of an output channel stand in `values`, in the order of a patch.
  private func positions(of channel: Int) -> [Int] {
    let outer = values.count / (channelCount * inner)
    return (0..<outer).flatMap { block in
      (0..<inner).map { (block * channelCount + channel) * inner + $0 }
    }
  }
}
