import OctetRuntime

extension Oracle {
  static func fullyConnected16(_ p: Weighted16Parameters, _ input: [Int16]) -> [Int16] {
    let (depth, count) = (p.geometry.input.c, p.geometry.output.c)
    return (0..<p.geometry.output.n * count).map { position in
      let (row, channel) = (position / count, position % count)
      let sum = (0..<depth).reduce(p.bias[channel]) { sum, index in
        sum + Int64(p.geometry.weights[channel * depth + index])
          * Int64(input[row * depth + index])
      }
      return code(p, sum, channel)
    }
  }
}
