// What lets layers be computed in bands of rows: views of rows, and weights that bands share.

extension OperatorRecord {
  /// See `Operator.viewOffset`. Its shapes and parameters must be valid.
  package var viewOffset: Int? {
    // The others are not asked, so that firmware links none of it for them.
    guard kind == .slice || kind == .reshape else { return nil }
    var query = ViewQuery()
    try? accept(&query)
    return query.offset
  }

  /// Whether the output lies where its bytes stand in the input.
  var isView: Bool {
    #if !OCTET_SELECT || OCTET_SLICE || OCTET_RESHAPE
      guard let start = viewOffset, !operand(0).isConstant else { return false }
      return result(0).dataOffset == operand(0).dataOffset &+ start
    #else
      return false
    #endif
  }

  /// The first operator before this one that this one is a band of: the same parameters, but for
  /// the rows of padding above the input and a convolution's rows, and so the same weights.
  ///
  /// Bands are joined by a concatenation, so that firmware without one links none of this.
  var firstBand: OperatorRecord? {
    #if OCTET_SELECT && !OCTET_CONCATENATION
      return nil
    #else
      return findFirstBand()
    #endif
  }

  private func findFirstBand() -> OperatorRecord? {
    let weights: Int
    switch kind {
    case .convolution, .convolution4: weights = Convolution.Word.weights.rawValue
    case .depthwiseConvolution, .depthwiseConvolution4:
      weights = DepthwiseConvolution.Word.weights.rawValue
    case .lookup: weights = Lookup.Word.tables.rawValue
    default: return nil
    }
    let end = index
    for other in 0..<end {
      let candidate = blob.uncheckedOperator(other)
      if candidate.kind == kind, candidate.parameter(weights) == parameter(weights),
        isBand(of: candidate)
      {
        return candidate
      }
    }
    return nil
  }

  private func isBand(of other: OperatorRecord) -> Bool {
    for word in 0..<parameterCount where parameter(word) != other.parameter(word) {
      switch kind {
      case .convolution
      where word == Convolution.Word.paddingTop.rawValue
        || word == Convolution.Word.height.rawValue,
        .convolution4
      where word == Convolution.Word.paddingTop.rawValue
        || word == Convolution.Word.height.rawValue:
        break
      case .depthwiseConvolution where word == DepthwiseConvolution.Word.paddingTop.rawValue,
        .depthwiseConvolution4
      where word == DepthwiseConvolution.Word.paddingTop.rawValue:
        break
      default: return false
      }
    }
    return operand(0).channels == other.operand(0).channels
      && operand(0).zeroPoint == other.operand(0).zeroPoint
      && result(0).channels == other.result(0).channels
      && result(0).zeroPoint == other.result(0).zeroPoint
  }
}

private struct ViewQuery: OperatorVisitor {
  var offset: Int?
  mutating func visit<Kind: Operator>(_ kind: Kind.Type, _ view: OperatorRecord) {
    offset = Kind(view).viewOffset
  }
}
