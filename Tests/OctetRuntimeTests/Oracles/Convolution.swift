import OctetRuntime

/// Sliding windows over an image: the attributes of convolutions and pools.
struct WindowParameters {
  var kernelHeight = 1
  var kernelWidth = 1
  var strideHeight = 1
  var strideWidth = 1
  var dilationHeight = 1
  var dilationWidth = 1
  var top = 0
  var left = 0
}

struct ConvolutionParameters {
  var input: Shape
  var inputZeroPoint = 0
  /// `[O, KH, KW, I / groups]`; of a depthwise convolution `[KH, KW, O]`.
  var weights: [Int8]
  /// Not folded.
  var bias: [Int32]
  var multipliers: [FixedPointMultiplier]
  /// After the pool, if there is one.
  var output: Shape
  var outputZeroPoint = 0
  var lower = -128
  var upper = 127
  var window = WindowParameters()
  var groups = 1
  /// A max pool that follows, and the extent before it.
  var pool: WindowParameters?
  var convolvedHeight = 0
  var convolvedWidth = 0
}

extension Oracle {
  static func convolution(_ p: ConvolutionParameters, _ input: [Int8]) -> [Int8] {
    guard let pool = p.pool else { return plainConvolution(p, input) }
    var plain = p
    plain.output.h = p.convolvedHeight
    plain.output.w = p.convolvedWidth
    return maxPool(
      PoolParameters(input: plain.output, output: p.output, window: pool),
      plainConvolution(plain, input))
  }

  private static func plainConvolution(_ p: ConvolutionParameters, _ input: [Int8]) -> [Int8] {
    let inputsPerGroup = p.input.c / p.groups
    let outputsPerGroup = p.output.c / p.groups
    let w = p.window
    return p.output.indices.map { at in
      var sum = Int64(p.bias[at[3]])
      for i in 0..<w.kernelHeight {
        for j in 0..<w.kernelWidth {
          let y = at[1] * w.strideHeight - w.top + i * w.dilationHeight
          let x = at[2] * w.strideWidth - w.left + j * w.dilationWidth
          guard (0..<p.input.h).contains(y), (0..<p.input.w).contains(x) else { continue }
          for k in 0..<inputsPerGroup {
            let channel = at[3] / outputsPerGroup * inputsPerGroup + k
            let weight = ((at[3] * w.kernelHeight + i) * w.kernelWidth + j) * inputsPerGroup + k
            sum +=
              Int64(p.weights[weight])
              * (Int64(input[p.input.index(at[0], y, x, channel)]) - Int64(p.inputZeroPoint))
          }
        }
      }
      let value = requantize(sum, p.multipliers[at[3]]) + Int64(p.outputZeroPoint)
      return clamp(value, p.lower, p.upper)
    }
  }
}
