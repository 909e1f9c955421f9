import OctetRuntime

/// Which rows of its inputs an operator reads for rows of its output.
struct RowWindow {
  /// Input rows between the windows of neighbouring output rows, and rows of one window.
  var step = 1
  var reach = 1
  /// Rows above the input in which the first window starts.
  var padding = 0

  /// The first input row that output row `row` and those below it read.
  func start(_ row: Int) -> Int { max(0, row * step - padding) }

  /// The row after the last that output rows up to `end`, not included, read. At least one is read
  /// where all windows lie in the padding.
  func end(_ end: Int, height: Int) -> Int {
    let last = (end - 1) * step - padding
    return min(height, max(last + reach, max(0, last) + 1))
  }

  /// The input rows that output rows `rows` read.
  func rows(_ rows: Range<Int>, height: Int) -> Range<Int> {
    start(rows.lowerBound)..<end(rows.upperBound, height: height)
  }

  /// Rows of padding above the band whose first output row is `row`.
  func padding(_ row: Int) -> Int { max(0, padding - row * step) }

  /// Nil for an operator that cannot be computed in bands of rows.
  init?(_ lowered: LoweredOperator, of model: LoweredModel) {
    guard lowered.outputs.count == 1, lowered.inputs.contains(where: { !model.isConstant($0) })
    else { return nil }
    let output = model.tensors[lowered.outputs[0]].shape
    guard output.count == 4, output[0] == 1 else { return nil }
    self.init(parametersOf: lowered)
    switch lowered.kind {
    case .convolution, .convolution4, .depthwiseConvolution, .depthwiseConvolution4, .maxPool,
      .averagePool, .add, .subtract, .multiply,
      .minimum, .maximum, .squaredDifference, .lookup:
      break
    case .concatenation:
      guard lowered.value(Concatenation.Word.axis) > 1 else { return nil }
    case .slice:
      guard lowered.value(Slice.Word.beginRow) == 0, lowered.value(Slice.Word.strideRow) == 1
      else { return nil }
    case .fullyConnected, .fullyConnected4, .softmax, .mean, .pad, .reshape, .transpose,
      .transposedConvolution,
      .resizeNearest, .resizeBilinear, .logSoftmax, .matrixMultiply, .l2Normalization,
      .convolution16, .fullyConnected16, .depthwiseConvolution16, .softmax16, .sigmoid16,
      .requantize:
      return nil
    }
    // All but windows read the rows that they write; a constant is repeated in each band.
    let isWindow = step != 1 || reach != 1 || padding != 0
    for input in lowered.inputs {
      let shape = model.tensors[input].shape
      if model.isConstant(input) {
        guard shape.dropLast(2).last ?? 1 == 1 || shape.count < 3 else { return nil }
      } else {
        guard shape.count == 4, shape[0] == 1, isWindow || shape[1] == output[1] else {
          return nil
        }
      }
    }
  }
}

extension RowWindow {
  /// Each output row is of the input row in its place.
  init() {}

  /// What the operator's parameters say of the window along rows.
  init(parametersOf lowered: LoweredOperator) {
    func value<Word: ParameterWord>(_ word: Word) -> Int { lowered.value(word) }
    switch lowered.kind.widened {
    case .convolution:
      typealias Word = Convolution.Word
      step = value(Word.poolStrideHeight) * value(Word.strideHeight)
      reach =
        (value(Word.poolHeight) - 1) * value(Word.strideHeight)
        + (value(Word.kernelHeight) - 1) * value(Word.dilationHeight) + 1
      padding = value(Word.paddingTop)
    case .depthwiseConvolution:
      typealias Word = DepthwiseConvolution.Word
      step = value(Word.strideHeight)
      reach = (value(Word.kernelHeight) - 1) * value(Word.dilationHeight) + 1
      padding = value(Word.paddingTop)
    case .maxPool, .averagePool:
      step = value(Pool.Word.strideHeight)
      reach = (value(Pool.Word.kernelHeight) - 1) * value(Pool.Word.dilationHeight) + 1
      padding = value(Pool.Word.paddingTop)
    default: break
    }
  }
}

extension LoweredModel {
  func isConstant(_ tensor: Int) -> Bool { tensors[tensor].constant != nil }
}

extension LoweredOperator {
  /// The operator for `rowCount` rows of its output, with `padding` rows above its input.
  func band(rowCount: Int, padding: Int) -> LoweredOperator {
    var band = self
    switch kind.widened {
    case .convolution:
      typealias Word = Convolution.Word
      band.parameters[Word.paddingTop.rawValue] = .value(padding)
      band.parameters[Word.height.rawValue] = .value(
        (rowCount - 1) * value(Word.poolStrideHeight) + value(Word.poolHeight))
    case .depthwiseConvolution:
      band.parameters[DepthwiseConvolution.Word.paddingTop.rawValue] = .value(padding)
    case .maxPool, .averagePool:
      band.parameters[Pool.Word.paddingTop.rawValue] = .value(padding)
    default: break
    }
    return band
  }
}
