import OctetRuntime

extension Oracle {
  static func depthwiseConvolution16(_ p: Weighted16Parameters, _ input: [Int16]) -> [Int16] {
    let (g, w) = (p.geometry, p.geometry.window)
    let multiplier = g.output.c / g.input.c
    return g.output.indices.map { at in
      var sum = p.bias[at[3]]
      for i in 0..<w.kernelHeight {
        for j in 0..<w.kernelWidth {
          let y = at[1] * w.strideHeight - w.top + i * w.dilationHeight
          let x = at[2] * w.strideWidth - w.left + j * w.dilationWidth
          guard (0..<g.input.h).contains(y), (0..<g.input.w).contains(x) else { continue }
          let value = Int64(input[g.input.index(at[0], y, x, at[3] / multiplier)])
          sum += Int64(g.weights[(i * w.kernelWidth + j) * g.output.c + at[3]]) * value
        }
      }
      return code(p, sum, at[3])
    }
  }
}
