import OctetRuntime

struct SoftmaxParameters {
  var rows: Int
  var channels: Int
  /// beta · input scale · 2²⁶
  var multiplier: FixedPointMultiplier
  var differenceMinimum: Int
  /// The factor to another scale than TensorFlow Lite's, and the zero point.
  var output: (by: FixedPointMultiplier, zeroPoint: Int)?
}

extension Oracle {
  /// Fixed-point numbers as int64, each function after its formula in gemmlowp's documentation.
  static func softmax(_ p: SoftmaxParameters, _ input: [Int8]) -> [Int8] {
    (0..<p.rows).flatMap { row -> [Int8] in
      let values = input[row * p.channels..<(row + 1) * p.channels].map(Int64.init)
      let maximum = values.max() ?? 0
      let exponentials = values.map { value -> Int64? in
        let difference = value - maximum
        if difference < p.differenceMinimum { return nil }
        return exponential(
          highMultiply(difference << p.multiplier.shift, Int64(p.multiplier.multiplier)),
          integerBits: 5)
      }
      let sum = exponentials.reduce(0) { $0 + divideTiesAway($1 ?? 0, powerOfTwo: 12) }
      var integerBits = 12
      var mantissa = sum
      while mantissa < 1 << 31 {
        mantissa *= 2
        integerBits -= 1
      }
      let reciprocal = reciprocal(mantissa - 1 << 31)
      return exponentials.map { exponential in
        guard let exponential else { return clamp(Int64(p.output?.zeroPoint ?? -128), -128, 127) }
        if let (by, zeroPoint) = p.output {
          let fine = divideTiesAway(
            highMultiply(reciprocal, exponential), powerOfTwo: integerBits + 31 - 20)
          return clamp(requantize(fine, by) + Int64(zeroPoint), -128, 127)
        }
        let value = divideTiesAway(
          highMultiply(reciprocal, exponential), powerOfTwo: integerBits + 31 - 8)
        return clamp(value - 128, -128, 127)
      }
    }
  }

  /// exp(x), Q0.31, for x ≤ 0 with `integerBits` integer bits.
  static func exponential(_ x: Int64, integerBits: Int) -> Int64 {
    if x == 0 { return Int64(Int32.max) }
    let one = Int64(1) << (31 - integerBits)
    // x = rest − quarters / 4, rest in −1/4 ..< 0
    var quarters: Int64 = 0
    var rest = x
    while rest < -one / 4 {
      rest += one / 4
      quarters += 1
    }
    let y = (rest << integerBits) + 1 << 28
    let y2 = highMultiply(y, y)
    let y3 = highMultiply(y2, y)
    let y4 = divideTiesAway(highMultiply(y2, y2), powerOfTwo: 2)
    let tail = divideTiesAway(
      highMultiply(y4 + y3, 715_827_883) + y2, powerOfTwo: 1)
    var result = 1_895_147_668 + highMultiply(1_895_147_668, y + tail)
    let factors: [Int64] = [
      1_672_461_947, 1_302_514_674, 790_015_084, 290_630_308, 39_332_535, 720_401, 242,
    ]
    for (bit, factor) in factors.enumerated() where quarters >> bit & 1 == 1 {
      result = highMultiply(result, factor)
    }
    return result
  }

  /// 1 / (1 + x), Q0.31, for x in 0…1, Q0.31.
  static func reciprocal(_ x: Int64) -> Int64 {
    let half = (x + 1 << 31) / 2
    var estimate = 1_515_870_810 + highMultiply(half, -1_010_580_540)
    for _ in 0..<3 {
      estimate += highMultiply(estimate, 1 << 29 - highMultiply(half, estimate)) * 4
    }
    return min(estimate * 2, Int64(Int32.max))
  }
}
