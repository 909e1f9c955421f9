import OctetRuntime

struct L2NormalizationParameters {
  var rows: Int
  var channels: Int
  var zeroPoint: Int
  /// Added to the sum of squared codes.
  var epsilon = 0
  /// Gain over the output's scale; nil for rows of length 1 in 1/128.
  var factor: FixedPointMultiplier?
  var outputZeroPoint = 0
}

extension Oracle {
  static func l2Normalization(_ p: L2NormalizationParameters, _ input: [Int8]) -> [Int8] {
    (0..<p.rows).flatMap { row -> [Int8] in
      let values = input[row * p.channels..<(row + 1) * p.channels].map {
        Int64($0) - Int64(p.zeroPoint)
      }
      var by = inverseSquareRoot(values.reduce(Int64(p.epsilon)) { $0 + $1 * $1 })
      if let factor = p.factor {
        by.multiplier = Int32(highMultiply(Int64(by.multiplier), Int64(factor.multiplier)))
        by.shift += factor.shift
      } else {
        by.shift += 7
      }
      return values.map { clamp(requantize($0, by) + Int64(p.outputZeroPoint), -128, 127) }
    }
  }

  /// Newton's method for 1 / √x, in Q3.28: r ← 3/2 · r − x/2 · r³.
  static func inverseSquareRoot(_ x: Int64) -> FixedPointMultiplier {
    if x <= 1 { return FixedPointMultiplier(multiplier: .max, shift: 0) }
    var (mantissa, exponent) = (x, 11)
    while mantissa >= 1 << 29 { (mantissa, exponent) = (mantissa / 4, exponent + 1) }
    while mantissa < 1 << 27 { (mantissa, exponent) = (mantissa * 4, exponent - 1) }
    let half = divideTiesAway(mantissa / 2, powerOfTwo: 1)
    var root: Int64 = 1 << 28
    for _ in 0..<5 {
      let cube = highMultiply(highMultiply(root, root), root) * 64
      root = (highMultiply(3 << 27, root) - highMultiply(half, cube)) * 8
    }
    root = highMultiply(root, 1_518_500_250)
    if exponent < 0 { (root, exponent) = (root << -exponent, 0) }
    return FixedPointMultiplier(multiplier: Int32(root), shift: Int32(-exponent))
  }
}
