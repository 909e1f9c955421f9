import OctetData

/// How weights start; biases start at 0. Only additions, multiplications and square roots are used,
/// so that the same seed gives the same bits everywhere.
public enum Initialization: Sendable, Equatable {
  /// Uniform in ±√(6 / fanIn) (He et al. 2015): for ReLU networks.
  case he
  /// Uniform in ±√(6 / (fanIn + fanOut)) (Glorot and Bengio 2010).
  case xavier
  /// All 0. Neurons beside each other then stay the same for ever.
  case zero
  /// Bell-shaped around 0.
  case normal(deviation: Float = 0.01)
  /// Bell-shaped around 0; what is beyond two deviations is drawn again.
  case truncatedNormal(deviation: Float = 0.1)
  /// The graph's own weights: training goes on where it ended.
  case keep

  /// A weight of a layer whose outputs sum `fanIn` values and whose inputs go to `fanOut` outputs.
  func draw(from generator: inout Xoshiro256, fanIn: Int, fanOut: Int) -> Float {
    switch self {
    case .he: return generator.uniform(bound: (6 / Float(max(fanIn, 1))).squareRoot())
    case .xavier:
      return generator.uniform(bound: (6 / Float(max(fanIn + fanOut, 1))).squareRoot())
    case .zero, .keep: return 0
    case .normal(let deviation): return Float(generator.nextNormal()) * deviation
    case .truncatedNormal(let deviation):
      while true {
        let value = generator.nextNormal()
        if abs(value) <= 2 { return Float(value) * deviation }
      }
    }
  }
}

extension Xoshiro256 {
  /// A number of [−bound, bound), in steps of 2⁻²³ · bound.
  package mutating func uniform(bound: Float) -> Float {
    (Float(next() >> 40) * 0x1p-23 - 1) * bound
  }

  /// Normal with mean 0 and deviation 1 to within a hundredth of its density: the sum of twelve
  /// uniform numbers, whose bits no library of mathematics decides.
  package mutating func nextNormal() -> Double {
    var sum = -6.0
    for _ in 0..<12 { sum += nextUnit() }
    return sum
  }
}
