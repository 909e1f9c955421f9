import OctetCompiler
import OctetRuntime
import Testing

/// Every kind's parameter words are those that its kernel declares, and the compiler writes all.
@Suite struct ParameterWordTests {
  /// The words of a declaration: from 0 on, without a gap.
  private func count<Word: ParameterWord>(_: Word.Type) -> Int {
    (0..<100).prefix { Word(rawValue: $0) != nil }.count
  }

  @Test(arguments: OperatorKind.allCases)
  func everyKindDeclaresItsWords(kind: OperatorKind) {
    let (declared, needed): (Int, Int) =
      switch kind {
      case .convolution: (count(Convolution.Word.self), Convolution.parameterCount)
      case .fullyConnected: (count(FullyConnected.Word.self), FullyConnected.parameterCount)
      case .depthwiseConvolution:
        (count(DepthwiseConvolution.Word.self), DepthwiseConvolution.parameterCount)
      case .transposedConvolution:
        (count(TransposedConvolution.Word.self), TransposedConvolution.parameterCount)
      // The last word is an average pool's alone, the last two a logarithm's.
      case .maxPool: (count(MaxPool.Word.self) - 1, MaxPool.parameterCount)
      case .averagePool: (count(AveragePool.Word.self), AveragePool.parameterCount)
      case .softmax: (count(Softmax.Word.self) - 2, Softmax.parameterCount)
      case .logSoftmax: (count(LogSoftmax.Word.self), LogSoftmax.parameterCount)
      case .add: (count(Add.Word.self), Add.parameterCount)
      case .subtract: (count(Subtract.Word.self), Subtract.parameterCount)
      case .multiply: (count(Multiply.Word.self), Multiply.parameterCount)
      case .squaredDifference:
        (count(SquaredDifference.Word.self), SquaredDifference.parameterCount)
      case .matrixMultiply: (count(MatrixMultiply.Word.self), MatrixMultiply.parameterCount)
      case .mean: (count(Mean.Word.self), Mean.parameterCount)
      case .concatenation: (count(Concatenation.Word.self), Concatenation.parameterCount)
      case .pad: (count(Pad.Word.self), Pad.parameterCount)
      case .transpose: (count(Transpose.Word.self), Transpose.parameterCount)
      case .slice: (count(Slice.Word.self), Slice.parameterCount)
      case .lookup: (count(Lookup.Word.self), Lookup.parameterCount)
      case .resizeNearest: (count(ResizeNearest.Word.self), ResizeNearest.parameterCount)
      case .resizeBilinear: (count(ResizeBilinear.Word.self), ResizeBilinear.parameterCount)
      case .convolution16: (count(Convolution16.Word.self), Convolution16.parameterCount)
      case .depthwiseConvolution16:
        (count(DepthwiseConvolution16.Word.self), DepthwiseConvolution16.parameterCount)
      case .fullyConnected16:
        (count(FullyConnected16.Word.self), FullyConnected16.parameterCount)
      case .softmax16: (count(Softmax16.Word.self), Softmax16.parameterCount)
      case .sigmoid16: (count(Sigmoid16.Word.self), Sigmoid16.parameterCount)
      case .requantize: (count(Requantize.Word.self), Requantize.parameterCount)
      case .convolution4: (count(Convolution.Word.self), Convolution.parameterCount)
      case .depthwiseConvolution4:
        (count(DepthwiseConvolution.Word.self), DepthwiseConvolution.parameterCount)
      case .fullyConnected4: (count(FullyConnected.Word.self), FullyConnected.parameterCount)
      case .minimum: (0, Minimum.parameterCount)
      case .maximum: (0, Maximum.parameterCount)
      case .l2Normalization: (count(L2Normalization.Word.self), L2Normalization.parameterCount)
      case .reshape: (0, Reshape.parameterCount)
      }
    #expect(declared == needed)
  }

  /// A word that is forgotten is no 0.
  @Test func aMissingWordIsNotWritten() {
    let words: ParameterWords<Mean.Word> = [.axes: .value(1), .multiplier: .value(2)]
    #expect(words.inOrder == [.value(1), .value(2)])
    let gap: ParameterWords<Mean.Word> = [.axes: .value(1), .shift: .value(2)]
    #expect(gap.inOrder == nil)
    #expect((gap + [.multiplier: .value(3)]).inOrder == [.value(1), .value(3), .value(2)])
  }
}
