import OctetRuntime

extension OperatorView {
  /// Multiply-adds of one inference; 0 for operators without any.
  public var macCount: Int {
    guard let kind else { return 0 }
    switch kind {
    case .convolution, .convolution4:
      typealias Word = Convolution.Word
      let pixels = word(Word.height) * word(Word.width) * output(0).batch
      let patch = word(Word.kernelHeight) * word(Word.kernelWidth)
      return pixels * output(0).channels * patch * input(0).channels / word(Word.groups)
    case .depthwiseConvolution, .depthwiseConvolution4:
      typealias Word = DepthwiseConvolution.Word
      return output(0).elementCount * word(Word.kernelHeight) * word(Word.kernelWidth)
    case .convolution16:
      typealias Word = Convolution16.Word
      let patch = word(Word.kernelHeight) * word(Word.kernelWidth)
      return output(0).elementCount * patch * input(0).channels / word(Word.groups)
    case .depthwiseConvolution16:
      typealias Word = DepthwiseConvolution16.Word
      return output(0).elementCount * word(Word.kernelHeight) * word(Word.kernelWidth)
    case .fullyConnected, .fullyConnected4, .fullyConnected16:
      return input(0).elementCount * output(0).channels
    case .matrixMultiply: return output(0).elementCount * input(0).channels
    case .transposedConvolution, .maxPool, .averagePool, .softmax, .logSoftmax, .l2Normalization,
      .add, .subtract, .multiply, .minimum, .maximum, .squaredDifference, .mean, .concatenation,
      .pad, .reshape, .transpose, .slice, .lookup, .resizeNearest, .resizeBilinear, .softmax16,
      .sigmoid16, .requantize:
      return 0
    }
  }

  private func word(_ word: some ParameterWord) -> Int { Int(parameter(word)) }
}
