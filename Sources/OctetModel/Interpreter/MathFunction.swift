#if canImport(Glibc)
  import Glibc
#elseif canImport(Darwin)
  import Darwin
#endif

extension MathFunction {
  /// The function in single precision.
  package func evaluator() -> (Float) -> Float {
    switch self {
    case .absolute: { abs($0) }
    case .negate: { -$0 }
    case .sign: { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }
    case .floor: { $0.rounded(.down) }
    case .ceil: { $0.rounded(.up) }
    case .round: { $0.rounded(.toNearestOrEven) }
    case .reciprocal: { 1 / $0 }
    case .squareRoot: { $0.squareRoot() }
    case .exponential: { expf($0) }
    case .logarithm: { logf($0) }
    case .errorFunction: { erff($0) }
    case .softplus: { logisticIntegral($0) }
    case .softsign: { $0 / (1 + abs($0)) }
    case .mish: { $0 * tanhf(logisticIntegral($0)) }
    case .gelu: { 0.5 * $0 * (1 + erff($0 * Float(0.5).squareRoot())) }
    case .geluByTanh:
      { 0.5 * $0 * (1 + tanhf((2 / Float.pi).squareRoot() * ($0 + 0.044715 * $0 * $0 * $0))) }
    case .swish(let alpha): { $0 / (1 + expf(-alpha * $0)) }
    case .celu(let alpha): { max(0, $0) + min(0, alpha * expm1f($0 / alpha)) }
    case .power(let exponent): { powf($0, exponent) }
    case .thresholdedRelu(let alpha): { $0 > alpha ? $0 : 0 }
    case .shrink(let bias, let threshold):
      { $0 < -threshold ? $0 + bias : $0 > threshold ? $0 - bias : 0 }
    default: trigonometric()
    }
  }

  private func trigonometric() -> (Float) -> Float {
    switch self {
    case .sine: { sinf($0) }
    case .cosine: { cosf($0) }
    case .tangent: { tanf($0) }
    case .arcsine: { asinf($0) }
    case .arccosine: { acosf($0) }
    case .arctangent: { atanf($0) }
    case .hyperbolicSine: { sinhf($0) }
    case .hyperbolicCosine: { coshf($0) }
    case .inverseHyperbolicSine: { asinhf($0) }
    case .inverseHyperbolicCosine: { acoshf($0) }
    default: { atanhf($0) }
    }
  }
}

/// `log(1 + exp(x))`, without overflow.
private func logisticIntegral(_ x: Float) -> Float { max(x, 0) + log1pf(expf(-abs(x))) }
