import Foundation

// What TensorFlow Lite interpolates functions of int16 between.

/// The logistic function at k / 24, k in 0…255, in steps of 2⁻¹⁶.
enum Sigmoid16Table {
  /// Straight lines between the nearest values lie below a function that bends down; where the
  /// reference has the next value instead, its bit is set.
  private static let raised: [UInt64] = [
    0xC046_7BAE_FA7B_D110, 0x0011_0090_2044_0005, 0x80, 0x8000_0000_0000_0000,
  ]

  static let values: [Int32] = (0..<256).map { index in
    let value = (65_536 / (1 + exp(-Double(index) / 24))).rounded()
    return Int32(value) + Int32(raised[index / 64] >> (index % 64) & 1)
  }

  /// What brings codes to steps of 1 / (3 · 2¹²): a factor below 2¹⁵ and a shift to the right.
  static func multiplier(inputScale: Float) -> (multiplier: Int, shift: Int) {
    if inputScale == 0x1p-12 { return (3, 0) }
    var real = Double(inputScale) * 4096 * 3
    var shift = 0
    while real <= 32_767 / 2.0, shift <= 30 {
      real *= 2
      shift += 1
    }
    return (Int(min(real, 32_767)), shift)
  }
}

/// 512 steps of a function from one end of the int16 codes to the other, and a value behind them.
/// Each is moved by half of what a straight line to the next one misses the function by in the
/// middle. All in 32 bits, as the reference's.
enum Softmax16Table {
  /// exp(x) from −10 to 0, in steps of 2⁻¹⁵.
  static let exponentials = values(inputScale: 10 / 65_535, inputZero: 32_767) { expf($0) }
  /// 1 / (1 + x) from 0 to 1.
  static let reciprocals = values(inputScale: 1 / 65_535, inputZero: -32_768) { 1 / (1 + $0) }

  private static func values(
    inputScale: Float, inputZero: Float, _ function: (Float) -> Float
  ) -> [Int32] {
    let (first, last) = (
      inputScale * (-32_768 - inputZero), inputScale * (32_767 - inputZero)
    )
    let outputScale: Float = 2 / 65_535
    let inverse = 65_536 / (outputScale * 32_767 - outputScale * -32_768)
    let step = (last - first) / 512
    func code(_ value: Float) -> Int32 { Int32(max(-32_768, min(32_767, value))) }
    let steps = (0..<512).map { index -> Int32 in
      let place = first + Float(index) * step
      let here = (function(place) * inverse).rounded()
      let next = function(first + Float(index + 1) * step) * inverse
      let between = ((next + here) / 2).rounded()
      let middle = (function(place + step / 2) * inverse).rounded()
      return code(here - ((between - middle) / 2).rounded())
    }
    return steps + [code((function(last) * inverse).rounded())]
  }
}
