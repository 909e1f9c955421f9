import OctetRuntime

extension OperatorView {
  /// Multiply-adds of one inference; 0 for operators without any.
  public var macCount: Int {
    switch kind {
    case .convolution:
      typealias Word = Convolution.Word
      let pixels = word(Word.height) * word(Word.width) * output(0).batch
      let patch = word(Word.kernelHeight) * word(Word.kernelWidth)
      return pixels * output(0).channels * patch * input(0).channels / word(Word.groups)
    case .depthwiseConvolution:
      typealias Word = DepthwiseConvolution.Word
      return output(0).elementCount * word(Word.kernelHeight) * word(Word.kernelWidth)
    case .fullyConnected:
      return input(0).elementCount * output(0).channels
    case .matrixMultiply: return output(0).elementCount * input(0).channels
    default:
      return 0
    }
  }

  /// What a kernel does for one inference, roughly, whatever its operands: factors that only
  /// validation will bound must not overflow here.
  var work: Double {
    let elements = Double(output(0).elementCount)
    func number(_ index: Int) -> Double { Double(word(index)) }
    switch kind {
    case .convolution:
      typealias Word = Convolution.Word
      let pixels = number(Word.height) * number(Word.width) * Double(output(0).batch)
      return pixels * Double(output(0).channels) * number(Word.kernelHeight)
        * number(Word.kernelWidth) * Double(input(0).channels) / number(Word.groups)
    case .depthwiseConvolution:
      typealias Word = DepthwiseConvolution.Word
      return elements * number(Word.kernelHeight) * number(Word.kernelWidth)
    case .transposedConvolution:
      typealias Word = TransposedConvolution.Word
      return elements * number(Word.kernelHeight) * number(Word.kernelWidth)
        * Double(input(0).channels)
    case .fullyConnected: return Double(input(0).elementCount) * Double(output(0).channels)
    case .matrixMultiply: return elements * Double(input(0).channels)
    case .maxPool, .averagePool:
      typealias Word = MaxPool.Word
      return elements * min(number(Word.kernelHeight), Double(input(0).height))
        * min(number(Word.kernelWidth), Double(input(0).width))
    default: return elements + (inputCount > 0 ? Double(input(0).elementCount) : 0)
    }
  }

  private func word(_ index: Int) -> Int { Int(parameter(index)) }
}
