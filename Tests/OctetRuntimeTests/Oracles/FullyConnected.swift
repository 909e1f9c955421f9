import OctetRuntime

struct FullyConnectedParameters {
  var rows: Int
  var inputCount: Int
  var outputCount: Int
  var inputZeroPoint = 0
  /// `[O, I]`
  var weights: [Int8]
  var weightZeroPoint = 0
  /// Not folded.
  var bias: [Int32]
  var multipliers: [FixedPointMultiplier]
  var outputZeroPoint = 0
  var lower = -128
  var upper = 127
}

extension Oracle {
  static func fullyConnected(_ p: FullyConnectedParameters, _ input: [Int8]) -> [Int8] {
    (0..<p.rows * p.outputCount).map { index in
      let (row, channel) = (index / p.outputCount, index % p.outputCount)
      var sum = Int64(p.bias[channel])
      for i in 0..<p.inputCount {
        let value = Int64(input[row * p.inputCount + i]) - Int64(p.inputZeroPoint)
        let weight = Int64(p.weights[channel * p.inputCount + i]) - Int64(p.weightZeroPoint)
        sum += value * weight
      }
      let value = requantize(sum, p.multipliers[channel]) + Int64(p.outputZeroPoint)
      return clamp(value, p.lower, p.upper)
    }
  }
}
