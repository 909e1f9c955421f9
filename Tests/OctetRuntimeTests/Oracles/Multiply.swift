import OctetRuntime

extension Oracle {
  static func multiply(_ p: BinaryParameters, _ a: [Int8], _ b: [Int8]) -> [Int8] {
    pairs(p, a, b).map { a, b in
      let product = (a - Int64(p.zeroA)) * (b - Int64(p.zeroB))
      return clamp(requantize(product, p.by) + Int64(p.zeroOutput), p.lower, p.upper)
    }
  }
}
