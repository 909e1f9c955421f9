// Random operators: parameters for the oracle, and the operator record that says the same.

import OctetRuntime

/// One axis of a sliding window that is in range: `extents` of the input and the output.
struct AxisCase {
  var input: Int
  var output: Int
  var kernel: Int
  var stride: Int
  var dilation: Int
  var padding: Int

  /// Sometimes a kernel larger than the input, a stride larger than the kernel, or padding on one
  /// side only (the far side's follows from the output).
  init(_ random: inout RandomSource, maximum: Int = 7, dilates: Bool = true) {
    input = random.int(1...maximum)
    kernel = random.int(1...5)
    stride = random.int(1...3)
    dilation = dilates && random.int(0...3) == 0 ? random.int(2...3) : 1
    let span = (kernel - 1) * dilation + 1
    padding = random.int(0...2) == 0 ? 0 : random.int(0...span - 1)
    let far = random.int(0...span - 1)
    let room = input + padding + far - span
    output = room < 0 ? 1 : room / stride + 1
    while (output - 1) * stride - padding >= input { output -= 1 }
  }
}

extension WindowParameters {
  init(_ rows: AxisCase, _ columns: AxisCase) {
    self.init(
      kernelHeight: rows.kernel, kernelWidth: columns.kernel, strideHeight: rows.stride,
      strideWidth: columns.stride, dilationHeight: rows.dilation,
      dilationWidth: columns.dilation, top: rows.padding, left: columns.padding)
  }
}

extension ConvolutionParameters {
  private init(
    _ random: inout RandomSource, input: Shape, output: Shape, window: WindowParameters,
    weightCount: Int, tapCount: Int
  ) {
    let typical = 60 / (73.0 * 73 * Double(tapCount).squareRoot())
    self.init(
      input: input, inputZeroPoint: random.int(-128...127),
      weights: random.bytes(weightCount, -128...127), bias: random.words(output.c, -9999...9999),
      multipliers: (0..<output.c).map { _ in random.multiplier(near: typical) }, output: output,
      outputZeroPoint: random.int(-128...127), window: window)
    (lower, upper) = random.clampBounds()
  }

  static func convolution(_ random: inout RandomSource) -> Self {
    var rows = AxisCase(&random)
    var columns = AxisCase(&random)
    let groups = random.int(0...2) == 0 ? random.int(2...3) : 1
    let input = Shape(random.int(1...2), rows.input, columns.input, groups * random.int(1...9))
    let taps = rows.kernel * columns.kernel * input.c / groups
    let channels = groups * random.int(1...9)
    let convolved = (rows.output, columns.output)
    var pool: WindowParameters?
    if random.int(0...1) == 0 {
      pool = WindowParameters(
        kernelHeight: random.int(1...min(3, rows.output)),
        kernelWidth: random.int(1...min(3, columns.output)), strideHeight: random.int(1...3),
        strideWidth: random.int(1...3))
      rows.output = (rows.output - pool!.kernelHeight) / pool!.strideHeight + 1
      columns.output = (columns.output - pool!.kernelWidth) / pool!.strideWidth + 1
    }
    var p = Self(
      &random, input: input, output: Shape(input.n, rows.output, columns.output, channels),
      window: .init(rows, columns), weightCount: taps * channels, tapCount: taps)
    p.groups = groups
    p.pool = pool
    (p.convolvedHeight, p.convolvedWidth) = convolved
    return p
  }

  static func depthwise(_ random: inout RandomSource) -> Self {
    let rows = AxisCase(&random)
    let columns = AxisCase(&random)
    let input = Shape(random.int(1...2), rows.input, columns.input, random.int(1...37))
    let channels = input.c * (random.int(0...1) == 0 ? 1 : random.int(1...3))
    let taps = rows.kernel * columns.kernel
    return Self(
      &random, input: input, output: Shape(input.n, rows.output, columns.output, channels),
      window: .init(rows, columns), weightCount: taps * channels, tapCount: taps)
  }

  /// The bias with the input's zero point folded in; `isDepthwise` weights are `[KH, KW, O]`.
  func foldedBias(isDepthwise: Bool) -> [Int32] {
    let taps = weights.count / output.c
    return output.c == 0
      ? []
      : (0..<output.c).map { channel in
        let sum = (0..<taps).reduce(0) {
          $0 + Int(weights[isDepthwise ? $1 * output.c + channel : channel * taps + $1])
        }
        return bias[channel] - Int32(inputZeroPoint * sum)
      }
  }

  private var tensors: (input: TestTensor, output: TestTensor) {
    (
      TestTensor(shape: input, zeroPoint: inputZeroPoint),
      TestTensor(shape: output, zeroPoint: outputZeroPoint)
    )
  }

  var convolutionOperator: TestOperator {
    let convolved = pool == nil ? (output.h, output.w) : (convolvedHeight, convolvedWidth)
    let pool = pool ?? WindowParameters()
    typealias Word = Convolution.Word
    return TestOperator(
      kind: .convolution, inputs: [tensors.input], outputs: [tensors.output],
      words: [
        Word.strideHeight: .word(window.strideHeight), .strideWidth: .word(window.strideWidth),
        .dilationHeight: .word(window.dilationHeight),
        .dilationWidth: .word(window.dilationWidth), .paddingTop: .word(window.top),
        .paddingLeft: .word(window.left), .groups: .word(groups),
        .kernelHeight: .word(window.kernelHeight), .kernelWidth: .word(window.kernelWidth),
        .height: .word(convolved.0), .width: .word(convolved.1),
        .poolHeight: .word(pool.kernelHeight), .poolWidth: .word(pool.kernelWidth),
        .poolStrideHeight: .word(pool.strideHeight), .poolStrideWidth: .word(pool.strideWidth),
        .lower: .word(lower), .upper: .word(upper), .weights: .bytes(weights),
        .bias: .words(foldedBias(isDepthwise: false)), .multipliers: multipliers.words,
        .shifts: multipliers.shifts,
      ])
  }

  var depthwiseOperator: TestOperator {
    typealias Word = DepthwiseConvolution.Word
    return TestOperator(
      kind: .depthwiseConvolution, inputs: [tensors.input], outputs: [tensors.output],
      words: [
        Word.strideHeight: .word(window.strideHeight), .strideWidth: .word(window.strideWidth),
        .dilationHeight: .word(window.dilationHeight),
        .dilationWidth: .word(window.dilationWidth), .paddingTop: .word(window.top),
        .paddingLeft: .word(window.left), .kernelHeight: .word(window.kernelHeight),
        .kernelWidth: .word(window.kernelWidth), .lower: .word(lower), .upper: .word(upper),
        .weights: .bytes(weights), .bias: .words(foldedBias(isDepthwise: true)),
        .multipliers: multipliers.words, .shifts: multipliers.shifts,
      ])
  }
}

extension [FixedPointMultiplier] {
  var words: TestParameter { .words(map(\.multiplier)) }
  var shifts: TestParameter { .bytes(map { Int8($0.shift) }) }
}

extension FullyConnectedParameters {
  static func random(_ random: inout RandomSource) -> Self {
    let inputCount = random.int(1...70)
    let outputCount = random.int(1...20)
    var p = Self(
      rows: random.int(1...3), inputCount: inputCount, outputCount: outputCount,
      inputZeroPoint: random.int(-128...127),
      weights: random.bytes(inputCount * outputCount, -128...127),
      weightZeroPoint: random.int(0...3) == 0 ? random.int(-128...127) : 0,
      bias: random.words(outputCount, -9999...9999),
      multipliers: (0..<outputCount).map { _ in
        random.multiplier(near: 60 / (73.0 * 73 * Double(inputCount).squareRoot()))
      }, outputZeroPoint: random.int(-128...127))
    (p.lower, p.upper) = random.clampBounds()
    return p
  }

  var foldedBias: [Int32] {
    (0..<outputCount).map { channel in
      let sum = weights[channel * inputCount..<(channel + 1) * inputCount].reduce(0) {
        $0 + Int($1) - weightZeroPoint
      }
      return bias[channel] - Int32(inputZeroPoint * sum)
    }
  }

  var testOperator: TestOperator {
    TestOperator(
      kind: .fullyConnected,
      inputs: [TestTensor(shape: Shape(1, 1, rows, inputCount), zeroPoint: inputZeroPoint)],
      outputs: [TestTensor(shape: Shape(1, 1, rows, outputCount), zeroPoint: outputZeroPoint)],
      words: [
        FullyConnected.Word.weightZeroPoint: .word(weightZeroPoint), .lower: .word(lower),
        .upper: .word(upper), .weights: .bytes(weights), .bias: .words(foldedBias),
        .multipliers: multipliers.words, .shifts: multipliers.shifts,
      ])
  }
}

extension PoolParameters {
  static func random(_ random: inout RandomSource) -> Self {
    let rows = AxisCase(&random)
    let columns = AxisCase(&random)
    let input = Shape(random.int(1...2), rows.input, columns.input, random.int(1...37))
    var p = Self(
      input: input, zeroPoint: random.int(-128...127),
      output: Shape(input.n, rows.output, columns.output, input.c), window: .init(rows, columns))
    (p.lower, p.upper) = random.clampBounds()
    p.roundsToEven = random.int(0...1) == 1
    return p
  }

  func testOperator(_ kind: OperatorKind) -> TestOperator {
    var words: [Pool.Word: TestParameter] = [
      .strideHeight: .word(window.strideHeight), .strideWidth: .word(window.strideWidth),
      .dilationHeight: .word(window.dilationHeight), .dilationWidth: .word(window.dilationWidth),
      .paddingTop: .word(window.top), .paddingLeft: .word(window.left),
      .kernelHeight: .word(window.kernelHeight), .kernelWidth: .word(window.kernelWidth),
      .lower: .word(lower), .upper: .word(upper),
    ]
    if kind == .averagePool { words[.roundsToEven] = .word(roundsToEven ? 1 : 0) }
    return TestOperator(
      kind: kind, inputs: [TestTensor(shape: input, zeroPoint: zeroPoint)],
      outputs: [TestTensor(shape: output, zeroPoint: zeroPoint)], words: words)
  }
}
