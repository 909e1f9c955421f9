extension Oracle {
  static func subtract(_ p: BinaryParameters, _ a: [Int8], _ b: [Int8]) -> [Int8] {
    scaledSum(p, a, b, sign: -1)
  }
}
