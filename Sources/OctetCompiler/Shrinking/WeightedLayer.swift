import OctetModel
import OctetRuntime

/// The codes that a channel may have, whatever the model's input.
typealias CodeRange = ClosedRange<Int>

extension CodeRange {
  /// Any int8 code.
  static let all: CodeRange = -128...127

  /// The only code there is; nil when there are several.
  var onlyCode: Int? { lowerBound == upperBound ? lowerBound : nil }

  func union(_ other: CodeRange) -> CodeRange {
    Swift.min(lowerBound, other.lowerBound)...Swift.max(upperBound, other.upperBound)
  }
}

/// A lowered operator with weights, seen channel by channel: O outputs, I inputs, and for each
/// output and tap of the kernel the `depth` inputs of its group. A fully connected layer that reads
/// an image has a tap for each pixel.
struct WeightedLayer {
  let outputCount: Int
  let inputCount: Int
  let groups: Int
  let tapCount: Int
  let depth: Int
  /// Whether weights stand channel beside channel, as those of a depthwise convolution.
  let isInterleaved: Bool
  /// Whether the k-th of the `depth` inputs is channel k of the group. A fully connected layer may
  /// read rows that are no multiple of the channels.
  let isAligned: Bool
  /// Whether every output reads every input, so that each can go by itself.
  let isDense: Bool
  /// Whether taps are left out rather than read as the input's zero point; the bias is not folded
  /// then.
  let leavesTapsOut: Bool
  /// Sums of one inference, without the channels.
  let positionCount: Int
  /// The taps that fall on real pixels: every combination of rows and columns that there is.
  private let tapRows: [Range<Int>]
  private let tapColumns: [Range<Int>]
  private let kernelWidth: Int

  let weights: [Int8]
  let bias: [Int32]
  let multipliers: [Int32]
  let shifts: [Int8]
  let weightZeroPoint: Int
  let inputZeroPoint: Int
  private let outputZeroPoint: Int
  private let clamp: CodeRange

  /// Nil for an operator without weights.
  init?(_ lowered: LoweredOperator, in model: LoweredModel) {
    switch lowered.kind {
    case .convolution, .convolution4: self.init(lowered, Convolution.Word.self, model)
    case .depthwiseConvolution, .depthwiseConvolution4:
      self.init(lowered, DepthwiseConvolution.Word.self, model)
    case .transposedConvolution: self.init(lowered, TransposedConvolution.Word.self, model)
    case .fullyConnected, .fullyConnected4: self.init(lowered, FullyConnected.Word.self, model)
    case .maxPool, .averagePool, .softmax, .logSoftmax, .l2Normalization, .add, .subtract,
      .multiply, .minimum, .maximum, .squaredDifference, .mean, .concatenation, .pad, .reshape,
      .transpose, .slice, .lookup, .resizeNearest, .resizeBilinear, .matrixMultiply,
      .convolution16, .fullyConnected16, .depthwiseConvolution16, .softmax16, .sigmoid16,
      .requantize:
      return nil
    }
  }

  private init<Word: WeightWord & ClampWord>(
    _ lowered: LoweredOperator, _: Word.Type, _ model: LoweredModel
  ) {
    let (x, y) = (model.tensors[lowered.inputs[0]], model.tensors[lowered.outputs[0]])
    weights = lowered.int8s(Word.weights)
    bias = lowered.int32s(Word.bias)
    multipliers = lowered.int32s(Word.multipliers)
    shifts = lowered.int8s(Word.shifts)
    clamp = lowered.value(Word.lower)...lowered.value(Word.upper)
    (inputZeroPoint, outputZeroPoint) = (Int(x.zeroPoint), Int(y.zeroPoint))
    (inputCount, outputCount) = (x.channelCount, y.channelCount)
    let kind = lowered.kind.widened
    isInterleaved = kind == .depthwiseConvolution
    leavesTapsOut = kind == .transposedConvolution
    let patchCount = weights.count / outputCount
    var window = TapWindow(kernel: Extent(1), rows: [0..<1], columns: [0..<1])
    var positions = y.shape.elementCount / outputCount
    var groups = 1
    switch kind {
    case .convolution:
      let convolved = [
        lowered.value(Convolution.Word.height), lowered.value(Convolution.Word.width),
      ]
      window = lowered.window(Convolution.Word.self, from: x.shape, to: convolved)
      positions = convolved.elementCount * y.shape.fourDimensions[0]
      groups = lowered.value(Convolution.Word.groups)
    case .depthwiseConvolution:
      window = lowered.window(
        DepthwiseConvolution.Word.self, from: x.shape, to: Array(y.shape.fourDimensions[1...2]))
      groups = inputCount
    case .transposedConvolution:
      window.kernel = Extent(
        height: lowered.value(TransposedConvolution.Word.kernelHeight),
        width: lowered.value(TransposedConvolution.Word.kernelWidth))
      groups = lowered.value(TransposedConvolution.Word.groups)
    default:
      let isWhole = patchCount % inputCount == 0
      // Taps that are pixels, all of which are there.
      let taps = isWhole ? patchCount / inputCount : 1
      window = TapWindow(
        kernel: Extent(height: 1, width: taps), rows: [0..<1], columns: [0..<taps])
    }
    weightZeroPoint =
      kind == .fullyConnected ? lowered.value(FullyConnected.Word.weightZeroPoint) : 0
    tapCount = window.kernel.height * window.kernel.width
    depth = patchCount / tapCount
    (tapRows, tapColumns, kernelWidth) = (window.rows, window.columns, window.kernel.width)
    self.groups = groups
    isAligned = depth * groups == inputCount
    // A single input is read by all, however the weights stand.
    isDense = groups == 1
    positionCount = positions
    canWrap = (0..<outputCount).contains { output in
      let left = max(0, Int(shifts[output]))
      return left > 0 && sumBound(output) >> (31 - left) > 0
    }
  }

  /// Multiply-adds of one inference.
  var macCount: Int { positionCount * outputCount * tapCount * depth }

  /// Bytes of weights and biases.
  var weightByteCount: Int { weights.count + 4 * bias.count }

  /// Where the weight of an output, a tap and the k-th input of its group stands.
  @inline(__always)
  func place(_ output: Int, _ tap: Int, _ index: Int) -> Int {
    isInterleaved ? tap * outputCount + output : (output * tapCount + tap) * depth + index
  }

  /// The first input of an output's group.
  func firstInput(of output: Int) -> Int { output / (outputCount / groups) * depth }

  /// Whether a sum can wrap around when it is requantized, as TensorFlow Lite lets it. Then neither
  /// does a greater sum mean a greater code, nor does the operator take a pool in; it stays as it
  /// is.
  private(set) var canWrap = false

  /// The largest magnitude of any partial sum of an output, with folded bias or without.
  private func sumBound(_ output: Int) -> Int {
    var (sum, magnitude) = (0, 0)
    for tap in 0..<tapCount {
      for index in 0..<depth {
        let weight = Int(weights[place(output, tap, index)])
        sum += weight - weightZeroPoint
        magnitude += abs(weight) + abs(weightZeroPoint)
      }
    }
    let own = Int(bias[output])
    let folded = leavesTapsOut ? own - inputZeroPoint * sum : own
    let plain = leavesTapsOut ? own : own + inputZeroPoint * sum
    let reach = max(abs(-128 - inputZeroPoint), abs(127 - inputZeroPoint))
    return max(abs(folded) + 128 * magnitude, abs(plain) + reach * magnitude)
  }

  // MARK: Ranges

  /// The sums that an output may have at any pixel, as the operator's bias counts them.
  func sumRange(_ output: Int, _ inputs: [CodeRange]) -> CodeRange {
    let first = firstInput(of: output)
    var least = [Int](repeating: 0, count: tapCount)
    var most = least
    var outside = least
    for tap in 0..<tapCount {
      for index in 0..<depth {
        let weight = Int(weights[place(output, tap, index)]) - weightZeroPoint
        let codes = inputs[isAligned ? first + index : 0]
        least[tap] += weight * (weight > 0 ? codes.lowerBound : codes.upperBound)
        most[tap] += weight * (weight > 0 ? codes.upperBound : codes.lowerBound)
        outside[tap] += weight * inputZeroPoint
      }
    }
    let own = Int(bias[output])
    if leavesTapsOut {
      // Any tap may be missing at some pixel.
      let lower = (0..<tapCount).reduce(own) { $0 + min(0, least[$1] - outside[$1]) }
      return lower...(0..<tapCount).reduce(own) { $0 + max(0, most[$1] - outside[$1]) }
    }
    let lower = extreme(least, outside).min() ?? 0
    return own + lower...own + (extreme(most, outside).max() ?? 0)
  }

  /// For each combination of taps that fall on pixels, the sum of `inside` over them and of
  /// `outside` over the others.
  private func extreme(_ inside: [Int], _ outside: [Int]) -> [Int] {
    tapRows.flatMap { rows in
      tapColumns.map { columns in
        var sum = 0
        for tap in inside.indices {
          let isInside = rows.contains(tap / kernelWidth) && columns.contains(tap % kernelWidth)
          sum += isInside ? inside[tap] : outside[tap]
        }
        return sum
      }
    }
  }

  /// The codes of an output whose sums lie in a range: requantization is monotone.
  func codeRange(_ output: Int, sums: CodeRange) -> CodeRange {
    let by = FixedPointMultiplier(multiplier: multipliers[output], shift: Int32(shifts[output]))
    guard let least = by.applied(to: sums.lowerBound), let most = by.applied(to: sums.upperBound)
    else { return clamp }
    func code(_ value: Int) -> Int {
      min(max(value + outputZeroPoint, clamp.lowerBound), clamp.upperBound)
    }
    return code(least)...code(most)
  }

  // MARK: Folding

  /// What an input adds to every sum of an output, whatever the model's input and wherever the
  /// pixel; nil where that is not the same everywhere.
  func fixedTerm(_ output: Int, input: Int, codes: CodeRange) -> Int? {
    let index = input - firstInput(of: output)
    let own = (0..<tapCount).map { Int(weights[place(output, $0, index)]) - weightZeroPoint }
    if own.allSatisfy({ $0 == 0 }) { return 0 }
    guard let code = codes.onlyCode else { return nil }
    if leavesTapsOut { return code == inputZeroPoint ? 0 : nil }
    let terms = Set(extreme(own.map { $0 * code }, own.map { $0 * inputZeroPoint }))
    return terms.count == 1 ? terms.first : nil
  }
}

/// A kernel's extents, and the taps of it that fall on real rows and columns.
struct TapWindow {
  var kernel: Extent
  var rows: [Range<Int>]
  var columns: [Range<Int>]

  /// The distinct ranges of taps that windows along an axis have on real positions.
  static func taps(
    input: Int, output: Int, kernel: Int, stride: Int, dilation: Int, padding: Int
  ) -> [Range<Int>] {
    var result: [Range<Int>] = []
    for index in 0..<output {
      let start = index * stride - padding
      let first = min(kernel, start < 0 ? (dilation - 1 - start) / dilation : 0)
      let end = start < input ? min(kernel, (input - start + dilation - 1) / dilation) : 0
      let range = min(first, end)..<max(end, min(first, end))
      // Neighbours are alike but at the borders.
      if range != result.last, !result.contains(range) { result.append(range) }
    }
    return result
  }
}

extension LoweredOperator {
  /// A parameter word that is a number, or that many axes after it.
  func value(_ word: some ParameterWord, axis: Int = 0) -> Int {
    if case .value(let value) = parameters[word.rawValue + axis] { value } else { 0 }
  }

  func multiplier(
    _ multiplier: some ParameterWord, _ shift: some ParameterWord
  ) -> FixedPointMultiplier {
    .init(multiplier: Int32(value(multiplier)), shift: Int32(value(shift)))
  }

  func int8s(_ word: some ParameterWord) -> [Int8] {
    switch parameters[word.rawValue] {
    case .weights(let values), .bytes(let values): values
    case .value, .biases, .words: []
    }
  }

  func int32s(_ word: some ParameterWord) -> [Int32] {
    switch parameters[word.rawValue] {
    case .biases(let values), .words(let values): values
    case .value, .weights, .bytes: []
    }
  }

  /// How the kernel slides over rows and columns of an image of shape `x`, `y` times.
  func window<Word: WindowWord>(_: Word.Type, from x: [Int], to y: [Int]) -> TapWindow {
    let x = x.fourDimensions
    let kernel = Extent(height: value(Word.kernelHeight), width: value(Word.kernelWidth))
    return TapWindow(
      kernel: kernel,
      rows: TapWindow.taps(
        input: x[1], output: y[0], kernel: kernel.height, stride: value(Word.strideHeight),
        dilation: value(Word.dilationHeight), padding: value(Word.paddingTop)),
      columns: TapWindow.taps(
        input: x[2], output: y[1], kernel: kernel.width, stride: value(Word.strideWidth),
        dilation: value(Word.dilationWidth), padding: value(Word.paddingLeft)))
  }
}

extension FixedPointMultiplier {
  /// The kernels' `requantize`; nil where it could wrap around, or where adding a zero point could.
  func applied(to value: Int) -> Int? {
    guard abs(value) << Int(max(0, shift)) <= Int(Int32.max) else { return nil }
    let result = Int(requantize(Int32(value), self))
    return abs(result) <= Int(Int32.max) - 128 ? result : nil
  }
}

extension LoweredTensor {
  /// The last dimension; 1 for a scalar.
  var channelCount: Int { shape.last ?? 1 }
}
