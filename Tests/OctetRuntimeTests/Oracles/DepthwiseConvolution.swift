import OctetRuntime

extension Oracle {
  static func depthwiseConvolution(_ p: ConvolutionParameters, _ input: [Int8]) -> [Int8] {
    let multiplier = p.output.c / p.input.c
    let w = p.window
    return p.output.indices.map { at in
      var sum = Int64(p.bias[at[3]])
      for i in 0..<w.kernelHeight {
        for j in 0..<w.kernelWidth {
          let y = at[1] * w.strideHeight - w.top + i * w.dilationHeight
          let x = at[2] * w.strideWidth - w.left + j * w.dilationWidth
          guard (0..<p.input.h).contains(y), (0..<p.input.w).contains(x) else { continue }
          let value = Int64(input[p.input.index(at[0], y, x, at[3] / multiplier)])
          let weight = Int64(p.weights[(i * w.kernelWidth + j) * p.output.c + at[3]])
          sum += weight * (value - Int64(p.inputZeroPoint))
        }
      }
      let value = requantize(sum, p.multipliers[at[3]]) + Int64(p.outputZeroPoint)
      return clamp(value, p.lower, p.upper)
    }
  }
}
