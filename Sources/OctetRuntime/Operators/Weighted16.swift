/// What operators of int16 activations with int8 weights share: sums in 64 bits, and how they are
/// brought to the output's scale.
///
/// TensorFlow Lite adds up as widely as the bias is stored. Sums of an int64 bias are multiplied
/// with a multiplier of 15 bits and rounded once, halves up, and so are sums without a bias; blobs
/// hold that multiplier 2¹⁶ times larger. Sums of an int32 bias fit in 32 bits, and are rounded as
/// those of int8.
struct Weighted16 {
  /// The parameter words, in order, from `first` on: ``Word`` of each operator has them.
  ///
  /// | word | what |
  /// |---|---|
  /// | `first` | 1 when sums have 32 bits, otherwise 0 |
  /// | 1, 2 | the least and the largest code of the output |
  /// | 3, 4 | blob offsets: int8 weights; biases `[O]` of 64 bits, the lower half first |
  /// | 5, 6 | blob offsets: int32 multipliers and int8 shifts `[O]` |
  static let wordCount = 7

  let view: OperatorRecord
  private let first: Int
  let lower: Int32
  let upper: Int32
  let isNarrow: Bool

  /// - Parameter first: the word that says how wide sums are.
  init(_ view: OperatorRecord, first: some ParameterWord) {
    self.view = view
    self.first = first.rawValue
    isNarrow = view.parameter(self.first) != 0
    lower = view.parameter(self.first &+ 1)
    upper = view.parameter(self.first &+ 2)
  }

  /// Throws unless everything lies inside the data, multipliers and shifts are in range, and no
  /// input can overflow a sum.
  ///
  /// - Parameters:
  ///   - patchCount: weights of an output channel.
  ///   - channelStep: elements from a channel's first weight to the next channel's.
  ///   - step: elements from one weight of a channel to the next.
  func validate(patchCount: Int, channelStep: Int, step: Int) throws(ModelError) {
    try view.require(parameter: first, in: 0...1)
    try view.require(parameter: first &+ 1, in: -32_768...32_767)
    try view.require(parameter: first &+ 2, in: lower...32_767)
    let channels = view.result(0).channels
    // Σ |w · x| < 2²⁴ · 2⁷ · 2¹⁵
    guard patchCount < 1 << 24,
      let count = product(patchCount, channels, limit: BlobLimits.weightCount)
    else { throw ModelError(.tooLarge, at: view.offset) }
    let weights = try view.requireData(
      parameter: first &+ 3, byteCount: count &+ BlobLimits.overreadByteCount)
    let biases = try view.requireData(
      parameter: first &+ 4, byteCount: 8 &* channels, alignment: 4)
    let multipliers = try view.requireData(
      parameter: first &+ 5, byteCount: 4 &* channels, alignment: 4)
    let shifts = try view.requireData(parameter: first &+ 6, byteCount: channels)
    for channel in 0..<channels {
      let multiplier = multipliers &+ 4 &* channel
      let shift = Int8(bitPattern: view.blob.byte(shifts &+ channel))
      guard view.blob.signedWord(multiplier) >= 0, shift >= -31, shift <= (isNarrow ? 30 : 14)
      else { throw ModelError(.operatorShift, at: multiplier) }
      let bias = biases &+ 8 &* channel
      let high = view.blob.signedWord(bias &+ 4)
      let low = view.blob.signedWord(bias)
      // Below 2⁴⁶, or an int32.
      let isSafe =
        isNarrow
        ? high == low &>> 31 && isSafe(low, weights &+ channel &* channelStep, patchCount, step)
        : high >= -(1 << 14) && high < 1 << 14
      guard isSafe else { throw ModelError(.sumOverflow, at: bias) }
    }
  }

  /// Whether no input can overflow 32 bits.
  private func isSafe(_ bias: Int32, _ start: Int, _ patchCount: Int, _ step: Int) -> Bool {
    var sum = bias.magnitude
    // Whatever the weights: 2⁸ · 2⁷ · 2¹⁵ = 2³⁰.
    if sum >> 30 == 0, patchCount <= 1 << 8 { return true }
    var weight = start
    for _ in 0..<patchCount {
      // Less than 2³¹ and 2²².
      sum &+= Int32(Int8(bitPattern: view.blob.byte(weight))).magnitude &<< 15
      if sum > BlobLimits.sumMagnitude { return false }
      weight &+= step
    }
    return true
  }

  /// Bytes of the data that the operator names.
  static func dataByteCount(patchCount: Int, channels: Int) -> Int {
    (patchCount &+ 13) &* channels
  }

  /// The kernel's view of them.
  func channels() -> Channels16 {
    unsafe Channels16(
      weights: view.data(view.parameter(first &+ 3), as: Int8.self),
      biases: view.data(view.parameter(first &+ 4), as: Int32.self),
      multipliers: view.data(view.parameter(first &+ 5), as: Int32.self),
      shifts: view.data(view.parameter(first &+ 6), as: Int8.self), lower: lower, upper: upper,
      isNarrow: isNarrow)
  }
}

/// The weights and constants of output channels, for kernels.
@safe struct Channels16 {
  // Safety: the validator saw all of them inside the data.
  let weights: UnsafePointer<Int8>
  let biases: UnsafePointer<Int32>
  let multipliers: UnsafePointer<Int32>
  let shifts: UnsafePointer<Int8>
  private let lower: Int32
  private let upper: Int32
  private let isNarrow: Bool

  init(
    weights: UnsafePointer<Int8>, biases: UnsafePointer<Int32>,
    multipliers: UnsafePointer<Int32>, shifts: UnsafePointer<Int8>, lower: Int32, upper: Int32,
    isNarrow: Bool
  ) {
    unsafe self.weights = weights
    unsafe self.biases = biases
    unsafe self.multipliers = multipliers
    unsafe self.shifts = shifts
    self.lower = lower
    self.upper = upper
    self.isNarrow = isNarrow
  }

  /// The bias of a channel, where its sum starts.
  @inline(__always)
  func bias(_ channel: Int) -> Int64 {
    let low = UInt32(bitPattern: unsafe biases[2 &* channel])
    return joined(low, unsafe biases[2 &* channel &+ 1])
  }

  /// The codes of `count` channels of one pixel, from `first` on, whose rows of weights are `depth`
  /// apart.
  ///
  /// - Parameters:
  ///   - values: `[patchCount]`: at least `depth`; with zeros where they are more.
  ///   - target: of channel 0.
  @inline(never)
  func store(
    _ first: Int, count: Int, depth: Int, _ values: UnsafePointer<Int16>, patchCount: Int,
    into target: UnsafeMutablePointer<Int16>, backend: Backend
  ) {
    let end = first &+ count
    let isFour = count >= 4
    var channel = first
    while channel < end {
      // The last four overlap those before; fewer than four go one by one, each as four times its
      // row.
      if isFour { channel = min(channel, end &- 4) }
      let row = unsafe weights + channel &* depth
      let sums = unsafe dotFourWide(
        row, stride: isFour ? depth : 0, values, count: patchCount, backend: backend)
      unsafe target[channel] = code(bias(channel) &+ sums.0, channel)
      if isFour {
        unsafe target[channel &+ 1] = code(bias(channel &+ 1) &+ sums.1, channel &+ 1)
        unsafe target[channel &+ 2] = code(bias(channel &+ 2) &+ sums.2, channel &+ 2)
        unsafe target[channel &+ 3] = code(bias(channel &+ 3) &+ sums.3, channel &+ 3)
      }
      channel &+= isFour ? 4 : 1
    }
  }

  /// The code of a channel's sum.
  @inline(__always)
  func code(_ sum: Int64, _ channel: Int) -> Int16 {
    let by = unsafe FixedPointMultiplier(
      multiplier: multipliers[channel], shift: Int32(shifts[channel]))
    let value = isNarrow ? Self.narrowed(sum, by) : requantizeWide(sum, by)
    return clamp16(value, lower, upper)
  }

  @inline(never)
  private static func narrowed(_ sum: Int64, _ by: FixedPointMultiplier) -> Int32 {
    requantize(Int32(truncatingIfNeeded: sum), by)
  }
}
