import OctetRuntime

struct LogSoftmaxParameters {
  var rows: Int
  var channels: Int
  /// input scale · 2²⁶
  var multiplier: FixedPointMultiplier
  /// 2³¹ / (2^shift · multiplier)
  var inverse: FixedPointMultiplier
  var differenceMinimum: Int
  /// The factor to another scale than TensorFlow Lite's, and the zero point.
  var output: (by: FixedPointMultiplier, zeroPoint: Int)?
}

extension Oracle {
  static func logSoftmax(_ p: LogSoftmaxParameters, _ input: [Int8]) -> [Int8] {
    (0..<p.rows).flatMap { row -> [Int8] in
      let values = input[row * p.channels..<(row + 1) * p.channels].map(Int64.init)
      let maximum = values.max() ?? 0
      func scaled(_ difference: Int64) -> Int64 {
        highMultiply(difference << p.multiplier.shift, Int64(p.multiplier.multiplier))
      }
      let sum: Int64 = values.reduce(0) { sum, value in
        let difference = value - maximum
        if difference < p.differenceMinimum { return sum }
        return sum
          + divideTiesAway(exponential(scaled(difference), integerBits: 5), powerOfTwo: 12)
      }
      let logarithm = logarithm(sum)
      let reach = divideTiesAway(
        highMultiply(logarithm - 1 << 31, Int64(p.inverse.multiplier)),
        powerOfTwo: -Int(p.inverse.shift))
      return values.map { value in
        let difference = value - maximum
        if difference <= max(Int64(p.differenceMinimum - 1), reach) { return -128 }
        if let (by, zeroPoint) = p.output {
          return clamp(
            requantize(scaled(difference) - logarithm, by) + Int64(zeroPoint), -128, 127)
        }
        let steps = divideTiesAway(scaled(difference) - logarithm, powerOfTwo: 22)
        return clamp(steps + 127, -128, 127)
      }
    }
  }

  /// ln(x), Q5.26, for x ≥ 1, Q12.19: with x = 2^k · r and r in 1/2 ..< 1 taken once with k − 3/4
  /// and √½ · r, once by the power of √½ · x with k − 1/4.
  static func logarithm(_ x: Int64) -> Int64 {
    let limit = Int64(Int32.max)
    func doublings(_ value: Int64) -> Int64 {
      var (value, count) = (value, Int64(0))
      while value << 1 <= limit {
        value <<= 1
        count += 1
      }
      return count
    }
    let first = doublings(x)
    let firstRest = min(2 * highMultiply(x << first, 1_518_500_250), limit)
    let firstPower = (11 - first) << 25 + 1 << 23
    let second = doublings(highMultiply(x, 1_518_500_250))
    let secondRest = min(x << second, limit)
    let secondPower = (12 - second) << 25 - 1 << 23
    let r = min(firstRest, secondRest)
    let p = (r + 1_805_811_301 + 1) / 2
    let q = 2 * (r - 1_805_811_301)
    let square = highMultiply(q, q)
    let numerator = highMultiply(q, r) + highMultiply(highMultiply(q, square), 117_049_297)
    let denominator =
      highMultiply(p, 1_057_819_769 + q + highMultiply(127_690_142, square))
      + highMultiply(638_450_708, q)
    let quotient = highMultiply(
      divideTiesAway(numerator, powerOfTwo: 6), reciprocal(denominator))
    return 2 * (highMultiply(max(firstPower, secondPower), 1_488_522_236) + quotient)
  }
}
