import Foundation

/// Everything that is summed for one layer; merging is exact in any order.
struct LayerSums: Codable, Sendable {
  var error = SignalError()
  /// With invisible scores raised to where they begin to count; only of the model's scores.
  var visible: SignalError?
  var usage = CodeUsage()
  var range = Bounds()
  /// The same over the visible part.
  var judgedRange = Bounds()

  // Over the local samples.

  var local: SignalError?
  var split: SplitSums?
  /// Σ of squares of the reference, and of what lies outside the grid.
  var signal = ExactSum()
  var excess = ExactSum()
  var histogram: Histogram
  var channels: [ChannelSums]

  init(histogramRange: ClosedRange<Double>, channelCount: Int) {
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

/// The smallest and largest value seen; NaN counts as both infinities.
struct Bounds: Codable, Sendable, Equatable {
  var lower = Float.infinity
  var upper = -Float.infinity

  @inline(__always)
  mutating func add(_ value: Float) {
    if value < lower { lower = value }
    if value > upper { upper = value }
    if value.isNaN { (lower, upper) = (-.infinity, .infinity) }
  }

  mutating func add(_ values: UnsafeBufferPointer<Float>) {
    var low = SIMD8<Float>(repeating: lower)
    var high = SIMD8<Float>(repeating: upper)
    var sum = SIMD8<Float>()
    let whole = values.count / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      var lanes = SIMD8<Float>()
      for lane in 0..<8 { lanes[lane] = values[start + lane] }
      low = pointwiseMin(low, lanes)
      high = pointwiseMax(high, lanes)
      sum += lanes
    }
    (lower, upper) = (low.min(), high.max())
    for value in values[whole...] { add(value) }
    if sum.sum().isNaN { (lower, upper) = (-.infinity, .infinity) }
  }

  mutating func merge(_ other: Bounds) {
    lower = min(lower, other.lower)
    upper = max(upper, other.upper)
  }

  var isEmpty: Bool { lower > upper }

  /// With zero, which every grid holds.
  var withZero: (lower: Double, upper: Double) {
    isEmpty ? (0, 0) : (min(Double(lower), 0), max(Double(upper), 0))
  }

  /// By their bits, because JSON has no infinity.
  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode([lower.bitPattern, upper.bitPattern])
  }

  init() {}

  init(from decoder: any Decoder) throws {
    let bits = try decoder.singleValueContainer().decode([UInt32].self)
    guard bits.count == 2 else { throw ReportError.invalidSaved(what: "range") }
    (lower, upper) = (Float(bitPattern: bits[0]), Float(bitPattern: bits[1]))
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
  /// Of the operator in real numbers with int8 weights, on the exact input and on its codes.
  var weighted = Bounds()
  var clamped = Bounds()
  var signal = ExactSum()
  var noise = ExactSum()
  /// Of the reference r and the operator with int8 weights t, where both are active (not clamped
  /// to zero by an activation).
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
