extension Oracle {
  static func maxPool(_ p: PoolParameters, _ input: [Int8]) -> [Int8] {
    p.output.indices.map { at in
      clamp(Int64(values(p, input, at).max() ?? -128), p.lower, p.upper)
    }
  }
}
