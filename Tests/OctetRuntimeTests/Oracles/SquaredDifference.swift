import OctetRuntime

extension Oracle {
  static func squaredDifference(_ p: BinaryParameters, _ a: [Int8], _ b: [Int8]) -> [Int8] {
    pairs(p, a, b).map { a, b in
      let scaledA = requantize((a - Int64(p.zeroA)) * 128, p.byA)
      let scaledB = requantize((b - Int64(p.zeroB)) * 128, p.byB)
      let square = (scaledA - scaledB) * (scaledA - scaledB)
      return clamp(requantize(square, p.by) + Int64(p.zeroOutput), -128, 127)
    }
  }
}
