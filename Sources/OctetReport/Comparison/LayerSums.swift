import Foundation

/// Everything that is summed for one layer; merging is exact in any order.
package struct LayerSums: Codable, Sendable {
  package var error = SignalError()
  /// The error with invisible scores raised to where they begin to count; only of the model's
  /// scores.
  package var visible: SignalError?
  package var usage = CodeUsage()
  package var range = Bounds()
  /// The same over the visible part.
  package var judgedRange = Bounds()

  // Over the local samples.

  var local: SignalError?
  var split: SplitSums?
  /// Σ of squares of the reference, and of what lies outside the grid.
  var signal = ExactSum()
  var excess = ExactSum()
  var histogram: Histogram
  var channels: [ChannelSums]

  package init(histogramRange: ClosedRange<Double>, channelCount: Int) {
    histogram = Histogram(histogramRange, binCount: Self.binCount)
    channels = [ChannelSums](repeating: ChannelSums(), count: channelCount)
  }

  static let binCount = 64

  /// Whether every value was the reference's own.
  var isFlawless: Bool {
    error.elementCount > 0 && error.maxAbsError == 0 && (local?.maxAbsError ?? 0) == 0
  }

  mutating func merge(_ other: LayerSums) throws(ReportError) {
    error.merge(other.error)
    if let more = other.visible { visible?.merge(more) }
    usage.merge(other.usage)
    range.merge(other.range)
    judgedRange.merge(other.judgedRange)
    if let more = other.local {
      local = local ?? SignalError()
      local?.merge(more)
    }
    if let more = other.split {
      split = split ?? SplitSums()
      split?.merge(more)
    }
    signal.merge(other.signal)
    excess.merge(other.excess)
    try histogram.merge(other.histogram)
    guard channels.count == other.channels.count else {
      throw .shardMismatch(what: "a layer's channels")
    }
    for index in channels.indices { channels[index].merge(other.channels[index]) }
  }
}

/// Sums of squares behind `DiffReport.ErrorSplit`.
struct SplitSums: Codable, Sendable {
  var signal = ExactSum()
  var weight = ExactSum()
  var activation = ExactSum()
  var clipping = ExactSum()
  var requantization = ExactSum()

  mutating func merge(_ other: SplitSums) {
    signal.merge(other.signal)
    weight.merge(other.weight)
    activation.merge(other.activation)
    clipping.merge(other.clipping)
    requantization.merge(other.requantization)
  }

  var report: DiffReport.ErrorSplit {
    let signal = signal.value
    func decibels(_ noise: ExactSum) -> Double {
      let noise = noise.value
      return noise == 0 ? .infinity : 10 * log10(signal / noise)
    }
    return .init(
      weightRounding: decibels(weight), activationRounding: decibels(activation),
      clipping: decibels(clipping), requantization: decibels(requantization))
  }
}

/// One channel of a layer's output over the local samples, its input exact.
struct ChannelSums: Codable, Sendable {
  var reference = Bounds()
  var candidate = Bounds()
  /// The range of the operator in real numbers with int8 weights: on the exact input, and on its
  /// codes.
  var weighted = Bounds()
  var clamped = Bounds()
  var signal = ExactSum()
  var noise = ExactSum()
  /// The sums for the line t ≈ gain · r + offset, of the reference r and the operator with int8
  /// weights t, where both are active (not clamped to zero by an activation).
  var activeCount = 0
  var sum = ExactSum()
  var otherSum = ExactSum()
  var square = ExactSum()
  var product = ExactSum()

  mutating func merge(_ other: ChannelSums) {
    reference.merge(other.reference)
    candidate.merge(other.candidate)
    weighted.merge(other.weighted)
    clamped.merge(other.clamped)
    signal.merge(other.signal)
    noise.merge(other.noise)
    activeCount += other.activeCount
    sum.merge(other.sum)
    otherSum.merge(other.otherSum)
    square.merge(other.square)
    product.merge(other.product)
  }

  var sqnrDecibels: Double {
    let noise = noise.value
    return noise == 0 ? .infinity : 10 * log10(signal.value / noise)
  }

  /// Least squares: t ≈ gain · r + offset; nil without at least a few values that vary.
  var line: (gain: Double, offset: Double)? {
    guard activeCount >= 8 else { return nil }
    let n = Double(activeCount)
    let (r, t) = (sum.value / n, otherSum.value / n)
    let variance = square.value / n - r * r
    guard variance > 1e-12 * max(square.value / n, 1e-30) else { return nil }
    let gain = (product.value / n - r * t) / variance
    return (gain, t - gain * r)
  }
}
