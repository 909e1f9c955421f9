/// A floating-point format of at most 16 bits: IEEE 754 halves, bfloat16, and the 8-, 6- and 4-bit
/// formats of the Open Compute Project (OFP8 and MX specifications) and of ONNX.
///
/// | Format | Sign | Exponent | Fraction | Bias | Largest | Special values |
/// |---|---|---|---|---|---|---|
/// | float16 | 1 | 5 | 10 | 15 | 65504 | ±∞, NaN |
/// | bfloat16 | 1 | 8 | 7 | 127 | 3.39 · 10³⁸ | ±∞, NaN |
/// | float8E5M2 | 1 | 5 | 2 | 15 | 57344 | ±∞, NaN |
/// | float8E4M3FN | 1 | 4 | 3 | 7 | 448 | NaN: all ones |
/// | float8E5M2FNUZ | 1 | 5 | 2 | 16 | 57344 | NaN: −0 |
/// | float8E4M3FNUZ | 1 | 4 | 3 | 8 | 240 | NaN: −0 |
/// | float8E8M0 | 0 | 8 | 0 | 127 | 2¹²⁷ | NaN: all ones; no zero |
/// | float6E3M2 | 1 | 3 | 2 | 3 | 28 | none |
/// | float6E2M3 | 1 | 2 | 3 | 1 | 7.5 | none |
/// | float4E2M1 | 1 | 2 | 1 | 1 | 6 | none |
public struct FloatFormat: Sendable, Equatable {
  /// What the format keeps for anything but finite numbers.
  public enum Special: Sendable {
    case infinityAndNaN
    case nan
    case nanForNegativeZero
    case none
    /// An exponent and nothing else.
    case powersOfTwo
  }

  /// How a number between two powers of two is rounded; other formats round to the nearest.
  public enum PowerRounding: Sendable { case up, down, nearest }

  /// Bits of the exponent and of the fraction, and what is taken off the exponent.
  public let exponentBits, fractionBits, bias: Int
  /// What is not a finite number.
  public let special: Special
  /// The largest finite number.
  public let largest: Float

  init(exponentBits: Int, fractionBits: Int, bias: Int? = nil, special: Special) {
    self.exponentBits = exponentBits
    self.fractionBits = fractionBits
    self.bias = bias ?? (1 << (exponentBits - 1)) - 1
    self.special = special
    let top = (1 << exponentBits) - 1 - self.bias
    let fraction = Float(sign: .plus, exponent: -fractionBits, significand: 1)
    let (exponent, significand): (Int, Float) =
      switch special {
      case .infinityAndNaN: (top - 1, 2 - fraction)
      case .nan: (top, 2 - 2 * fraction)
      case .nanForNegativeZero, .none: (top, 2 - fraction)
      case .powersOfTwo: (top - 1, 1)
      }
    largest = Float(sign: .plus, exponent: exponent, significand: significand)
  }

  /// The exponent of the smallest normal number.
  private var lowestExponent: Int { special == .powersOfTwo ? -bias : 1 - bias }

  /// The format's number nearest to `x`, ties to even. What is out of range becomes the largest
  /// number when `saturates`, else infinity, or NaN where there is no infinity.
  public func rounded(
    _ x: Float, saturates: Bool = false, _ powers: PowerRounding = .up
  ) -> Float {
    if special == .powersOfTwo { return power(x, saturates: saturates, powers) }
    if x.isNaN { return special == .none ? 0 : .nan }
    var result = x
    if x.isFinite && x != 0 {
      // Below the smallest normal number the steps stay the same.
      let exponent = max(Int(x.exponent), lowestExponent) - fractionBits
      let step = Double(sign: .plus, exponent: exponent, significand: 1)
      result = Float((Double(x) / step).rounded(.toNearestOrEven) * step)
    }
    if result.magnitude > largest {
      switch special {
      case _ where saturates, .none: result = x < 0 ? -largest : largest
      case .infinityAndNaN: result = x < 0 ? -.infinity : .infinity
      default: result = .nan
      }
    }
    return result == 0 && special == .nanForNegativeZero ? 0 : result
  }

  private func power(_ x: Float, saturates: Bool, _ powers: PowerRounding) -> Float {
    let smallest = Float(sign: .plus, exponent: lowestExponent, significand: 1)
    if x.isNaN || x < 0 { return .nan }
    if x < smallest { return saturates ? smallest : .nan }
    if x > largest { return saturates ? largest : .nan }
    let isUp: Bool =
      switch powers {
      case .up: x.significand > 1
      case .down: false
      case .nearest: x.significand >= 1.5
      }
    let exponent = Int(x.exponent) + (isUp ? 1 : 0)
    let result = Float(sign: .plus, exponent: exponent, significand: 1)
    return result > largest ? (saturates ? largest : .nan) : result
  }

  /// The number with these bits.
  public func value(bits: UInt16) -> Float {
    let (fractionMask, exponentMask) = ((1 << fractionBits) - 1, (1 << exponentBits) - 1)
    let (fraction, code) = (Int(bits) & fractionMask, Int(bits) >> fractionBits & exponentMask)
    if special == .powersOfTwo {
      return code == exponentMask
        ? .nan : Float(sign: .plus, exponent: code - bias, significand: 1)
    }
    let isNegative = Int(bits) >> (fractionBits + exponentBits) & 1 == 1
    let sign: FloatingPointSign = isNegative ? .minus : .plus
    switch special {
    case .infinityAndNaN where code == exponentMask:
      return fraction == 0 ? (isNegative ? -.infinity : .infinity) : .nan
    case .nan where code == exponentMask && fraction == fractionMask: return .nan
    case .nanForNegativeZero where isNegative && code == 0 && fraction == 0: return .nan
    default: break
    }
    let significand = Float(code == 0 ? fraction : fraction + fractionMask + 1)
    return Float(
      sign: sign, exponent: max(code, 1) - bias - fractionBits, significand: significand)
  }
}
