/// The weights of an operator, and the bias, multiplier and shift of each output channel: four
/// neighbouring parameter words that hold their blob offsets, in this order.
struct WeightedData {
  let view: OperatorRecord
  /// The parameter word of the weights.
  let first: Int
  /// Output channels, and weights of each.
  let channels: Int
  let patchCount: Int
  /// Elements from a channel's first weight to the next channel's, and from one weight to the next.
  let channelStep: Int
  let step: Int
  let zeroPoint: Int32
  /// The most that a weight is multiplied with, above and below zero.
  let reach: UInt32

  /// Channels one after the other, multiplied with int8 values; the zero point of those is folded
  /// into the bias, and padding reads as one of them.
  init(
    _ view: OperatorRecord, first: some ParameterWord, patchCount: Int, zeroPoint: Int32 = 0,
    reach: UInt32 = 128
  ) {
    self.view = view
    self.first = first.rawValue
    self.patchCount = patchCount
    self.zeroPoint = zeroPoint
    self.reach = reach
    channels = view.result(0).channels
    channelStep = patchCount
    step = 1
  }

  /// Channels side by side.
  init(interleaved view: OperatorRecord, first: some ParameterWord, patchCount: Int) {
    self.view = view
    self.first = first.rawValue
    self.patchCount = patchCount
    zeroPoint = 0
    reach = 128
    channels = view.result(0).channels
    channelStep = 1
    step = channels
  }

  /// Throws unless everything lies inside the data, multipliers and shifts are in range, and no
  /// input can overflow a sum.
  func validate() throws(ModelError) {
    guard let count = product(patchCount, channels, limit: BlobLimits.weightCount) else {
      throw ModelError(.tooLarge, at: view.offset)
    }
    // Kernels may read a little past the end.
    let weights = try view.requireData(
      parameter: first,
      byteCount: view.weightByteCount(count) &+ BlobLimits.overreadByteCount)
    let biases = try view.requireData(
      parameter: first &+ 1, byteCount: 4 &* channels, alignment: 4)
    let multipliers = try view.requireData(
      parameter: first &+ 2, byteCount: 4 &* channels, alignment: 4)
    let shifts = try view.requireData(parameter: first &+ 3, byteCount: channels)
    for channel in 0..<channels {
      let multiplier = multipliers &+ 4 &* channel
      let shift = Int8(bitPattern: view.blob.byte(shifts &+ channel))
      guard view.blob.signedWord(multiplier) >= 0, shift >= -31, shift <= 30 else {
        throw ModelError(.operatorShift, at: multiplier)
      }
      let bias = biases &+ 4 &* channel
      guard isSafe(bias: view.blob.signedWord(bias), weights, channel &* channelStep) else {
        throw ModelError(.sumOverflow, at: bias)
      }
    }
  }

  /// Whether no input can overflow the sum of a bias and the products of the weights from `index`
  /// on of those at blob offset `start`.
  ///
  /// They are added in any order, and compared before all are there: what must fit is the sum of
  /// their magnitudes.
  private func isSafe(bias: Int32, _ start: Int, _ index: Int) -> Bool {
    var sum = bias.magnitude
    // Whatever the weights: 2¹⁵ · 255 · 128 < 2³⁰. (One of the factors is within −128…127.)
    if sum >> 30 == 0, patchCount >> 15 == 0 { return true }
    var weight = index
    for _ in 0..<patchCount {
      let value = Int32(view.weight(start, weight)) &- zeroPoint
      // Less than 2³¹ and 2¹⁶.
      sum &+= value.magnitude &* reach
      if sum > BlobLimits.sumMagnitude { return false }
      weight &+= step
    }
    return true
  }
}
