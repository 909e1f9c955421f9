import OctetRuntime

struct BinaryParameters {
  var a: Shape
  var b: Shape
  var output: Shape
  var zeroA = 0
  var zeroB = 0
  var zeroOutput = 0
  var lower = -128
  var upper = 127
  /// Of a sum: for a, b and the result; of a product the last alone.
  var byA = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
  var byB = FixedPointMultiplier(multiplier: 1 << 30, shift: 0)
  var by = FixedPointMultiplier(multiplier: 1 << 30, shift: -18)
  /// Of a sum: bits that both inputs are shifted by first.
  var leftShift = 20
}

extension Oracle {
  /// a ± b at the scales of an addition.
  static func scaledSum(
    _ p: BinaryParameters, _ a: [Int8], _ b: [Int8], sign: Int64
  ) -> [Int8] {
    pairs(p, a, b).map { a, b in
      let scaledA = requantize((a - Int64(p.zeroA)) << p.leftShift, p.byA)
      let scaledB = requantize((b - Int64(p.zeroB)) << p.leftShift, p.byB)
      let sum = requantize(scaledA + sign * scaledB, p.by)
      return clamp(sum + Int64(p.zeroOutput), p.lower, p.upper)
    }
  }

  /// The two elements behind each element of the output.
  static func pairs(
    _ p: BinaryParameters, _ a: [Int8], _ b: [Int8]
  ) -> [(Int64, Int64)] {
    func element(_ values: [Int8], _ shape: Shape, _ at: [Int]) -> Int64 {
      Int64(values[shape.index(zip(at, shape.dimensions).map { $1 == 1 ? 0 : $0 })])
    }
    return p.output.indices.map { (element(a, p.a, $0), element(b, p.b, $0)) }
  }
}
