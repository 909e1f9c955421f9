extension Oracle {
  static func maximum(_ p: BinaryParameters, _ a: [Int8], _ b: [Int8]) -> [Int8] {
    pairs(p, a, b).map { Int8(max($0, $1)) }
  }
}
