import OctetRuntime

extension Oracle {
  /// By scattering: each input pixel adds to the output pixels under its taps.
  static func transposedConvolution(_ p: ConvolutionParameters, _ input: [Int8]) -> [Int8] {
    let inputsPerGroup = p.input.c / p.groups
    let outputsPerGroup = p.output.c / p.groups
    let w = p.window
    var sums = p.output.indices.map { Int64(p.bias[$0[3]]) }
    for at in p.input.indices {
      let value = Int64(input[p.input.index(at)]) - Int64(p.inputZeroPoint)
      let (group, channel) = (at[3] / inputsPerGroup, at[3] % inputsPerGroup)
      for i in 0..<w.kernelHeight {
        for j in 0..<w.kernelWidth {
          let y = at[1] * w.strideHeight - w.top + i * w.dilationHeight
          let x = at[2] * w.strideWidth - w.left + j * w.dilationWidth
          guard (0..<p.output.h).contains(y), (0..<p.output.w).contains(x) else { continue }
          for o in group * outputsPerGroup..<(group + 1) * outputsPerGroup {
            let weight = ((o * w.kernelHeight + i) * w.kernelWidth + j) * inputsPerGroup + channel
            sums[p.output.index(at[0], y, x, o)] += value * Int64(p.weights[weight])
          }
        }
      }
    }
    return sums.enumerated().map { index, sum in
      let value = requantize(sum, p.multipliers[index % p.output.c]) + Int64(p.outputZeroPoint)
      return clamp(value, p.lower, p.upper)
    }
  }
}
