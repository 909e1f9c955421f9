import OctetRuntime

struct MeanParameters {
  var input: Shape
  var zeroPoint = 0
  /// Of N, H, W, C.
  var axes: Set<Int>
  /// Input scale / output scale, not yet divided by the count.
  var by: FixedPointMultiplier
  var outputZeroPoint = 0

  var output: Shape {
    Shape((0..<4).map { axes.contains($0) ? 1 : input.dimensions[$0] })
  }
  var count: Int { input.count / output.count }
}

extension Oracle {
  static func mean(_ p: MeanParameters, _ input: [Int8]) -> [Int8] {
    // The division by the count goes into the multiplier, truncated, with as many more bits as
    // the count has.
    var bits = 0
    while (2 << bits) <= p.count { bits += 1 }
    bits = min(bits, 32, 31 + Int(p.by.shift))
    let multiplier = FixedPointMultiplier(
      multiplier: Int32((Int64(p.by.multiplier) << bits) / Int64(p.count)),
      shift: p.by.shift - Int32(bits))
    return p.output.indices.map { at in
      let sum = p.input.indices.reduce(Int64(0)) { sum, from in
        let isUnder = (0..<4).allSatisfy { p.axes.contains($0) || from[$0] == at[$0] }
        return isUnder ? sum + Int64(input[p.input.index(from)]) - Int64(p.zeroPoint) : sum
      }
      return clamp(requantize(sum, multiplier) + Int64(p.outputZeroPoint), -128, 127)
    }
  }
}
