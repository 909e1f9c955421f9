// From real numbers to codes and back: the one place where that is done.
//
// | steps (real / scale) | away from zero | to even |
// |---|---|---|
// | 0.5, 1.5, 2.5 | 1, 2, 3 | 0, 2, 2 |
// | −0.5, −1.5, −2.5 | −1, −2, −3 | 0, −2, −2 |
// | beyond the codes, ±∞ | the nearest end | the same |
// | NaN | the code of 0 | the same |
//
// The quotient is the caller's: whether it is found in 32 or 64 bits, or as a product with the
// inverse of the scale, decides on which side of a tie it lies.

/// How a number halfway between two integers is rounded.
public enum TieRule: Sendable, Equatable {
  /// TensorFlow Lite's rule: 0.5 becomes 1, −0.5 becomes −1.
  case awayFromZero
  /// ONNX's rule: 0.5 becomes 0, 1.5 becomes 2.
  case toEven
}

extension TieRule {
  /// The nearest integer, still as a real number.
  @inline(__always)
  public func rounded(_ number: Double) -> Double {
    self == .toEven
      ? number.rounded(.toNearestOrEven) : number.rounded(.toNearestOrAwayFromZero)
  }

  /// The code of a real number.
  ///
  /// - Parameters:
  ///   - steps: the number divided by its scale.
  ///   - zeroPoint: the code of 0.
  ///   - range: of the codes; numbers beyond have the code of its end.
  /// - Returns: a code in `range`; that of 0 for NaN.
  @inline(__always)
  public func code(
    steps: Double, zeroPoint: Int32 = 0, in range: ClosedRange<Int32> = -128...127
  ) -> Int32 {
    let code = (steps.isNaN ? 0 : rounded(steps)) + Double(zeroPoint)
    return Int32(max(Double(range.lowerBound), min(Double(range.upperBound), code)))
  }

  /// The code of a real number that must have one: nil beyond `range`, and for NaN.
  public func exactCode(
    steps: Double, in range: ClosedRange<Int32> = .min ... .max
  ) -> Int32? {
    let code = rounded(steps)
    guard code >= Double(range.lowerBound), code <= Double(range.upperBound) else { return nil }
    return Int32(code)
  }
}

extension Quantization {
  /// The int8 code of a real number, by the first scale and zero point; the quotient is found in 32
  /// bits.
  public func code(_ value: Float, ties: TieRule) -> Int8 {
    Int8(ties.code(steps: Double(value / scales[0]), zeroPoint: zeroPoints[0]))
  }

  /// The int8 codes of real numbers, as `code(_:ties:)` has them.
  public func codes(_ values: [Float], ties: TieRule) -> [Int8] {
    values.map { code($0, ties: ties) }
  }
}

extension Tensor {
  /// The values of a float constant; nil for all others.
  package var floats: [Float]? {
    if case .float(let values) = constant { values } else { nil }
  }

  /// The real values of a constant: its own, or those that its codes stand for,
  /// `scale · (q − zeroPoint)`; nil for others, and for integers that stand for themselves.
  package var reals: [Float]? {
    let codes: [Float]
    switch constant {
    case .float(let values): return values
    case .int8(let values): codes = values.map { Float($0) }
    case .int32(let values): codes = values.map { Float($0) }
    case .int64(let values) where quantization != nil: codes = values.map { Float($0) }
    case .int64, nil: return nil
    }
    guard let quantization else { return nil }
    let inner = quantization.axis.map { shape[($0 + 1)...].reduce(1, *) } ?? 1
    return codes.enumerated().map { position, code in
      let channel = quantization.axis == nil ? 0 : position / inner % quantization.scales.count
      return (code - Float(quantization.zeroPoints[channel])) * quantization.scales[channel]
    }
  }
}
