import OctetRuntime

extension Oracle {
  static func convolution16(_ p: Weighted16Parameters, _ input: [Int16]) -> [Int16] {
    let (g, w) = (p.geometry, p.geometry.window)
    let inputsPerGroup = g.input.c / g.groups
    let outputsPerGroup = g.output.c / g.groups
    return g.output.indices.map { at in
      var sum = p.bias[at[3]]
      for i in 0..<w.kernelHeight {
        for j in 0..<w.kernelWidth {
          let y = at[1] * w.strideHeight - w.top + i * w.dilationHeight
          let x = at[2] * w.strideWidth - w.left + j * w.dilationWidth
          guard (0..<g.input.h).contains(y), (0..<g.input.w).contains(x) else { continue }
          for k in 0..<inputsPerGroup {
            let channel = at[3] / outputsPerGroup * inputsPerGroup + k
            let weight = ((at[3] * w.kernelHeight + i) * w.kernelWidth + j) * inputsPerGroup + k
            sum += Int64(g.weights[weight]) * Int64(input[g.input.index(at[0], y, x, channel)])
          }
        }
      }
      return code(p, sum, at[3])
    }
  }
}
