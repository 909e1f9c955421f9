#if arch(arm) || arch(arm64)
  extension Channels {
    /// Those of the first group of a convolution.
    init(_ layer: Convolution) {
      typealias Word = Convolution.Word
      let view = layer.view
      unsafe weights = view.data(view.parameter(Word.weights), as: Int8.self)
      unsafe bias = view.data(view.parameter(Word.bias), as: Int32.self)
      unsafe multipliers = view.data(view.parameter(Word.multipliers), as: Int32.self)
      unsafe shifts = view.data(view.parameter(Word.shifts), as: Int8.self)
      count = layer.groupChannelCount
      depth = layer.patchCount
      zeroPoint = layer.output.zeroPoint
      lower = view.parameter(Word.lower)
      upper = view.parameter(Word.upper)
    }

    /// Those of a depthwise convolution, whose weights are `[taps, count]`: without a depth.
    init(_ layer: DepthwiseConvolution) {
      typealias Word = DepthwiseConvolution.Word
      let view = layer.view
      unsafe weights = view.data(view.parameter(Word.weights), as: Int8.self)
      unsafe bias = view.data(view.parameter(Word.bias), as: Int32.self)
      unsafe multipliers = view.data(view.parameter(Word.multipliers), as: Int32.self)
      unsafe shifts = view.data(view.parameter(Word.shifts), as: Int8.self)
      count = layer.output.channels
      depth = 0
      zeroPoint = layer.output.zeroPoint
      lower = view.parameter(Word.lower)
      upper = view.parameter(Word.upper)
    }

    /// Goes on to the next group.
    mutating func advance() {
      unsafe weights += count &* depth
      unsafe bias += count
      unsafe multipliers += count
      unsafe shifts += count
    }

    /// `requantize` of FixedPoint.swift, the output's zero point and its range.
    ///
    /// With n ≥ 1, a / 2ⁿ to nearest with ties away from zero is ((a − [a < 0]) / 2ⁿ⁻¹ + 1) / 2,
    /// both divisions rounding down; |a| < 2³¹, so nothing wraps.
    @inline(__always)
    func quantized(_ sum: Int32, _ by: FixedPointMultiplier) -> Int8 {
      var value: Int32
      if by.shift < 0 {
        value = highMultiply(sum, by.multiplier)
        value = (((value &+ (value &>> 31)) &>> ~by.shift) &+ 1) &>> 1
      } else {
        value = highMultiply(sum &<< by.shift, by.multiplier)
      }
      return clamp(value &+ zeroPoint, lower, upper)
    }
  }
#endif
