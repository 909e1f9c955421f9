import OctetModel
import OctetRuntime

// The codes that each channel may have, from those of the input on: interval arithmetic with the
// kernels' own integers, so that what it excludes no input can cause.

extension LoweredModel {
  /// The codes by tensor and channel.
  ///
  /// - Parameter layers: the operators with weights, by index.
  func codeRanges(_ layers: [Int: WeightedLayer]) -> [[CodeRange]] {
    var ranges = tensors.map(\.codeRanges)
    for (index, lowered) in operators.enumerated() {
      guard lowered.outputs.count == 1 else { continue }
      let inputs = lowered.inputs.map { ranges[$0] }
      ranges[lowered.outputs[0]] =
        layers[index]?.codeRanges(inputs[0]) ?? codeRanges(lowered, inputs)
    }
    return ranges
  }

  /// The codes of an operator without weights.
  private func codeRanges(_ lowered: LoweredOperator, _ inputs: [[CodeRange]]) -> [CodeRange] {
    let (x, y) = (tensors[lowered.inputs[0]], tensors[lowered.outputs[0]])
    let channels = 0..<y.channelCount
    switch lowered.kind {
    case .maxPool: return lowered.pooled(inputs[0], x, y, empty: -128)
    case .averagePool: return lowered.pooled(inputs[0], x, y, empty: Int(y.zeroPoint))
    case .add, .subtract, .multiply, .minimum, .maximum, .squaredDifference:
      let other = tensors[lowered.inputs[1]]
      return channels.map { channel in
        let (a, b) = (inputs[0].at(channel), inputs[1].at(channel))
        return lowered.combined(a, b, zeros: [x, other, y].map { Int($0.zeroPoint) }) ?? .all
      }
    case .mean: return lowered.averaged(inputs[0], x, y)
    case .concatenation:
      guard lowered.value(Concatenation.Word.axis) < 3 else { return inputs.flatMap { $0 } }
      return channels.map { channel in
        inputs.dropFirst().reduce(inputs[0][channel]) { $0.union($1[channel]) }
      }
    case .pad: return lowered.padded(inputs[0], x, y)
    case .reshape:
      return inputs[0].folded(to: y.channelCount) ?? channels.map { _ in inputs[0].hull }
    case .transpose:
      let isInPlace = lowered.value(Transpose.Word.fromChannel) == 3
      return isInPlace ? inputs[0] : channels.map { _ in inputs[0].hull }
    case .slice:
      let begin = lowered.value(Slice.Word.beginChannel)
      let stride = lowered.value(Slice.Word.strideChannel)
      return channels.map { inputs[0][begin + stride * $0] }
    case .lookup: return lowered.lookedUp(inputs[0])
    case .resizeNearest: return inputs[0]
    case .resizeBilinear:
      // Weights below zero reach beyond the values between which they mix.
      let mixtures =
        lowered.int32s(ResizeBilinear.Word.rows) + lowered.int32s(ResizeBilinear.Word.columns)
      let isBetween = stride(from: 2, to: mixtures.count, by: 3).allSatisfy {
        (0...1024).contains(mixtures[$0])
      }
      return isBetween ? inputs[0] : channels.map { _ in .all }
    case .softmax, .logSoftmax, .l2Normalization, .matrixMultiply, .convolution,
      .depthwiseConvolution, .transposedConvolution, .fullyConnected, .convolution4,
      .depthwiseConvolution4, .fullyConnected4, .convolution16,
      .depthwiseConvolution16, .fullyConnected16, .softmax16, .sigmoid16, .requantize:
      return channels.map { _ in .all }
    }
  }
}

extension WeightedLayer {
  /// The codes of every output.
  fileprivate func codeRanges(_ inputs: [CodeRange]) -> [CodeRange] {
    if canWrap { return (0..<outputCount).map { codeRange($0, sums: .anySum) } }
    let known = isAligned ? inputs : [inputs.hull]
    return (0..<outputCount).map { codeRange($0, sums: sumRange($0, known)) }
  }
}

extension LoweredTensor {
  /// Any code, or those of a constant.
  fileprivate var codeRanges: [CodeRange] {
    guard let constant else { return [CodeRange](repeating: .all, count: channelCount) }
    var ranges = constant.prefix(channelCount).map { Int($0)...Int($0) }
    for (position, code) in constant.enumerated() {
      let channel = position % channelCount
      ranges[channel] = ranges[channel].union(Int(code)...Int(code))
    }
    return ranges
  }
}

extension CodeRange {
  /// Sums of which nothing is known.
  fileprivate static let anySum: CodeRange = Int(Int32.min)...Int(Int32.max)

  fileprivate func clamped(_ lowered: LoweredOperator, _ lower: Pool.Word, _ upper: Pool.Word)
    -> CodeRange
  {
    let (least, most) = (lowered.value(lower), lowered.value(upper))
    return Swift.min(
      Swift.max(lowerBound, least), most)...Swift.min(
        Swift.max(upperBound, least), most)
  }
}

extension [CodeRange] {
  /// An operand that is repeated along the channels gives its only one.
  fileprivate func at(_ channel: Int) -> CodeRange { self[count == 1 ? 0 : channel] }

  /// All of them together.
  var hull: CodeRange { dropFirst().reduce(self[0]) { $0.union($1) } }

  /// Ranges of the same elements in rows of another length; nil where channels do not stay
  /// together.
  fileprivate func folded(to count: Int) -> [CodeRange]? {
    if count % self.count == 0 { return (0..<count).map { self[$0 % self.count] } }
    guard self.count % count == 0 else { return nil }
    return (0..<count).map { channel in
      stride(from: channel, to: self.count, by: count).reduce(self[channel]) {
        $0.union(self[$1])
      }
    }
  }
}

extension LoweredOperator {
  /// A pool's: the greatest of some values and their mean lie between them.
  fileprivate func pooled(
    _ input: [CodeRange], _ x: LoweredTensor, _ y: LoweredTensor, empty: Int
  ) -> [CodeRange] {
    let window = window(Pool.Word.self, from: x.shape, to: Array(y.shape.fourDimensions[1...2]))
    let hasEmpty = (window.rows + window.columns).contains(where: \.isEmpty)
    return input.map { codes in
      (hasEmpty ? codes.union(empty...empty) : codes).clamped(self, .lower, .upper)
    }
  }

  fileprivate func averaged(
    _ input: [CodeRange], _ x: LoweredTensor, _ y: LoweredTensor
  ) -> [CodeRange] {
    let count = x.shape.elementCount / y.shape.elementCount
    let by = multiplier(Mean.Word.multiplier, Mean.Word.shift)
    func range(_ codes: CodeRange) -> CodeRange {
      func code(_ code: Int) -> Int? {
        by.applied(to: (code - Int(x.zeroPoint)) * count)
          .map { min(max($0 + Int(y.zeroPoint), -128), 127) }
      }
      guard let least = code(codes.lowerBound), let most = code(codes.upperBound) else {
        return .all
      }
      return least...most
    }
    if keepsChannels { return input.map(range) }
    let mixed = range(input.hull)
    return [CodeRange](repeating: mixed, count: y.channelCount)
  }

  /// Whether a mean is taken over other axes than the channels.
  var keepsChannels: Bool { value(Mean.Word.axes) & 8 == 0 }

  fileprivate func padded(
    _ input: [CodeRange], _ x: LoweredTensor, _ y: LoweredTensor
  ) -> [CodeRange] {
    let (from, to) = (x.shape.fourDimensions, y.shape.fourDimensions)
    let before = (0..<4).map { value(Pad.Word.beforeBatch, axis: $0) }
    let isPadded = (0..<3).contains { before[$0] > 0 || to[$0] > from[$0] + before[$0] }
    let code = value(Pad.Word.value)
    return (0..<to[3]).map { channel in
      let source = channel - before[3]
      guard input.indices.contains(source) else { return code...code }
      return isPadded ? input[source].union(code...code) : input[source]
    }
  }

  fileprivate func lookedUp(_ input: [CodeRange]) -> [CodeRange] {
    let tables = int8s(Lookup.Word.tables)
    let count = value(Lookup.Word.tableCount)
    return input.indices.map { channel in
      let start = count == 1 ? 128 : 256 * channel + 128
      let codes = input[channel].map { Int(tables[start + $0]) }
      return (codes.min() ?? -128)...(codes.max() ?? 127)
    }
  }

  /// The range of a function of two values; nil where nothing is known. The kernels' formulas rise
  /// or fall with either operand, so the ends are at ends.
  ///
  /// - Parameter zeros: the zero points of a, b and the result.
  fileprivate func combined(_ a: CodeRange, _ b: CodeRange, zeros: [Int]) -> CodeRange? {
    func span<Word: ParameterWord>(
      _ values: [Int], _ multiplier: Word, _ shift: Word, _ clamp: CodeRange
    ) -> CodeRange? {
      let by = self.multiplier(multiplier, shift)
      let codes = values.compactMap { value in
        by.applied(to: value).map {
          min(max($0 + zeros[2], clamp.lowerBound), clamp.upperBound)
        }
      }
      guard codes.count == values.count, let least = codes.min(), let most = codes.max() else {
        return nil
      }
      return least...most
    }
    func scaled<Word: ParameterWord>(
      _ code: Int, _ zero: Int, _ bits: Int, _ multiplier: Word, _ shift: Word
    ) -> Int {
      Int(requantize(Int32((code - zero) << bits), self.multiplier(multiplier, shift)))
    }
    let pairs = [a.lowerBound, a.upperBound].flatMap { x in
      [b.lowerBound, b.upperBound].map { (x, $0) }
    }
    switch kind {
    case .minimum: return min(a.lowerBound, b.lowerBound)...min(a.upperBound, b.upperBound)
    case .maximum: return max(a.lowerBound, b.lowerBound)...max(a.upperBound, b.upperBound)
    case .add, .subtract:
      typealias Word = Add.Word
      let sums = pairs.map { x, y in
        let bits = value(Word.leftShift)
        let other = scaled(y, zeros[1], bits, Word.multiplierB, .shiftB)
        return scaled(x, zeros[0], bits, Word.multiplierA, .shiftA)
          + (kind == .add ? other : -other)
      }
      return span(sums, Word.multiplier, .shift, value(Word.lower)...value(Word.upper))
    case .multiply:
      typealias Word = Multiply.Word
      return span(
        pairs.map { ($0 - zeros[0]) * ($1 - zeros[1]) }, Word.multiplier, .shift,
        value(Word.lower)...value(Word.upper))
    case .squaredDifference:
      typealias Word = SquaredDifference.Word
      let bits = Int(SquaredDifference.leftShift)
      let differences = pairs.map {
        scaled($0, zeros[0], bits, Word.multiplierA, .shiftA)
          - scaled($1, zeros[1], bits, Word.multiplierB, .shiftB)
      }
      let crossesZero = differences.contains { $0 <= 0 } && differences.contains { $0 >= 0 }
      return span(
        differences.map { $0 * $0 } + (crossesZero ? [0] : []), Word.multiplier, .shift, .all)
    default: return nil
    }
  }
}
