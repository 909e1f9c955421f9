extension Oracle {
  static func averagePool(_ p: PoolParameters, _ input: [Int8]) -> [Int8] {
    p.output.indices.map { at in
      let values = values(p, input, at)
      if values.isEmpty { return clamp(Int64(p.zeroPoint), p.lower, p.upper) }
      let mean = Double(values.reduce(0) { $0 + Int($1) }) / Double(values.count)
      let steps = (mean - Double(p.zeroPoint)).rounded(.toNearestOrEven)
      let code =
        p.roundsToEven ? steps + Double(p.zeroPoint) : mean.rounded(.toNearestOrAwayFromZero)
      return clamp(Int64(code), p.lower, p.upper)
    }
  }
}
