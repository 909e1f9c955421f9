extension Oracle {
  static func minimum(_ p: BinaryParameters, _ a: [Int8], _ b: [Int8]) -> [Int8] {
    pairs(p, a, b).map { Int8(min($0, $1)) }
  }
}
