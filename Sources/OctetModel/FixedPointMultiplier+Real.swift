import OctetRuntime

extension FixedPointMultiplier {
  /// The multiplier and shift nearest to a real factor ≥ 0, as TensorFlow Lite's
  /// `QuantizeMultiplier` forms them: `frexp`, the fraction rounded half away from zero to 31 bits.
  ///
  /// A factor below 2⁻³² becomes 0; one of 2³⁰ and more saturates.
  ///
  /// - Parameter arithmetic: in ONNX's a factor in 2⁻¹¹ ..< 1 gets no shift, so that only the
  ///   multiplication rounds; the multiplier then has 20 bits or more.
  public init(_ real: Double, in arithmetic: Arithmetic = .tensorFlowLite) {
    if arithmetic == .onnx, real >= 0x1p-11, real < 1 - 0x1p-31 {
      self.init(multiplier: Int32((real * 0x1p31).rounded()), shift: 0)
      return
    }
    guard real > 0 else {
      self.init(multiplier: 0, shift: 0)
      return
    }
    guard real < 0x1p30 else {
      self.init(multiplier: .max, shift: 30)
      return
    }
    // frexp: a fraction in 0.5 ..< 1.
    let fraction = real.significand / 2
    var exponent = Int(real.exponent) + 1
    var q = Int64((fraction * Double(Int64(1) << 31)).rounded())
    if q == 1 << 31 {
      q /= 2
      exponent += 1
    }
    if exponent < -31 { (q, exponent) = (0, 0) }
    if exponent > 30 { (q, exponent) = ((1 << 31) - 1, 30) }
    self.init(multiplier: Int32(q), shift: Int32(exponent))
  }
}
