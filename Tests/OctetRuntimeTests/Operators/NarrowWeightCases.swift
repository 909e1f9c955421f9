import OctetRuntime

// Operators with weights of four bits: those of int8 with weights of −8…7.

extension ConvolutionParameters {
  /// The same with weights of −8…7 and results as large.
  var narrowed: ConvolutionParameters {
    var result = self
    result.weights = weights.map { $0 >> 4 }
    result.multipliers = multipliers.map(\.sixteenfold)
    return result
  }

  var convolution4: TestOperator { convolutionOperator.narrowed(Convolution.Word.weights) }
  var depthwise4: TestOperator { depthwiseOperator.narrowed(DepthwiseConvolution.Word.weights) }
}

extension FullyConnectedParameters {
  var narrowed: FullyConnectedParameters {
    var result = self
    result.weights = weights.map { $0 >> 4 }
    result.weightZeroPoint >>= 4
    result.multipliers = multipliers.map(\.sixteenfold)
    return result
  }

  var operator4: TestOperator { testOperator.narrowed(FullyConnected.Word.weights) }
}

extension FixedPointMultiplier {
  fileprivate var sixteenfold: FixedPointMultiplier {
    FixedPointMultiplier(multiplier: multiplier, shift: min(shift + 4, 30))
  }
}

extension TestOperator {
  /// The operator whose weights, the parameter `word`, are two a byte.
  func narrowed(_ word: some ParameterWord) -> TestOperator {
    guard case .bytes(let codes) = self[word] else { preconditionFailure("no weights") }
    var result = self
    result.kind = kind.narrowed
    result[word] = .halves(codes)
    return result
  }
}
