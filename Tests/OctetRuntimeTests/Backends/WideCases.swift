// Random operators of the shapes that kernels with wide vectors divide into blocks: more channels
// and columns than the tests of each operator have.

import OctetRuntime

/// An operator with what to feed it and what must come out.
struct WideCase: CustomStringConvertible {
  var operation: TestOperator
  var inputs: [[Int8]]
  var expected: [Int8]
  var description: String

  static let kinds: [OperatorKind] = [
    .convolution, .depthwiseConvolution, .fullyConnected, .add, .averagePool,
  ]

  init(_ kind: OperatorKind, seed: Int) {
    var random = RandomSource(seed: seed)
    switch kind {
    case .depthwiseConvolution: self = .depthwise(&random)
    case .fullyConnected: self = .fullyConnected(&random)
    case .add: self = .add(&random)
    case .averagePool: self = .averagePool(&random)
    default: self = .convolution(&random)
    }
    description = "\(kind), seed \(seed): \(description)"
  }

  init(_ operation: TestOperator, _ inputs: [[Int8]], _ expected: [Int8]) {
    self.operation = operation
    self.inputs = inputs
    self.expected = expected
    description = "\(operation.inputs[0].shape) to \(operation.outputs[0].shape)"
  }

  /// A few channels or many, and often whole vectors.
  private static func channels(_ random: inout RandomSource) -> Int {
    switch random.int(0...3) {
    case 0: random.int(1...9)
    case 1: 8 * random.int(1...9)
    case 2: 16
    default: random.int(1...70)
    }
  }

  private static func convolution(_ random: inout RandomSource) -> WideCase {
    let isPointwise = random.int(0...3) == 0
    var rows = AxisCase(&random, maximum: 5)
    var columns = AxisCase(&random, maximum: random.int(0...1) == 0 ? 12 : 40)
    if isPointwise {
      rows.makePointwise()
      columns.makePointwise()
    }
    let inputs = [1, 3, random.int(1...20)][random.int(0...2)]
    let input = Shape(random.int(1...2), rows.input, columns.input, inputs)
    let convolved = (rows.output, columns.output)
    var pool: WindowParameters?
    if !isPointwise, random.int(0...1) == 0 {
      let isTwo = random.int(0...1) == 0
      func extent(_ output: Int) -> Int { min(output, isTwo ? 2 : random.int(1...3)) }
      pool = WindowParameters(
        kernelHeight: extent(rows.output), kernelWidth: extent(columns.output),
        strideHeight: isTwo ? 2 : random.int(1...3), strideWidth: isTwo ? 2 : random.int(1...3))
      rows.output = (rows.output - pool!.kernelHeight) / pool!.strideHeight + 1
      columns.output = (columns.output - pool!.kernelWidth) / pool!.strideWidth + 1
    }
    let output = Shape(input.n, rows.output, columns.output, channels(&random))
    var p = ConvolutionParameters(
      &random, input, output, .init(rows, columns),
      tapCount: rows.kernel * columns.kernel * input.c)
    p.pool = pool
    (p.convolvedHeight, p.convolvedWidth) = convolved
    let values = random.bytes(input.count)
    return WideCase(p.convolutionOperator, [values], Oracle.convolution(p, values))
  }

  private static func depthwise(_ random: inout RandomSource) -> WideCase {
    let rows = AxisCase(&random, maximum: 5)
    let columns = AxisCase(&random, maximum: 20)
    let isFirst = random.int(0...3) == 0
    let input = Shape(
      random.int(1...2), rows.input, columns.input, isFirst ? 1 : channels(&random))
    let output = Shape(
      input.n, rows.output, columns.output, isFirst ? random.int(1...20) : input.c)
    let p = ConvolutionParameters(
      &random, input, output, .init(rows, columns), tapCount: rows.kernel * columns.kernel)
    let values = random.bytes(input.count)
    return WideCase(p.depthwiseOperator, [values], Oracle.depthwiseConvolution(p, values))
  }

  private static func fullyConnected(_ random: inout RandomSource) -> WideCase {
    let inputCount = random.int(1...90)
    let outputCount = random.int(1...150)
    var p = FullyConnectedParameters(
      rows: random.int(0...1) == 0 ? 1 : random.int(1...15), inputCount: inputCount,
      outputCount: outputCount, inputZeroPoint: random.int(-128...127),
      weights: random.bytes(inputCount * outputCount, -128...127), weightZeroPoint: 0,
      bias: random.words(outputCount, -9999...9999),
      multipliers: (0..<outputCount).map { _ in
        random.multiplier(near: 60 / (73.0 * 73 * Double(inputCount).squareRoot()))
      }, outputZeroPoint: random.int(-128...127))
    (p.lower, p.upper) = random.rectifiedBounds(p.outputZeroPoint)
    let values = random.bytes(p.rows * inputCount)
    return WideCase(p.testOperator, [values], Oracle.fullyConnected(p, values))
  }

  private static func add(_ random: inout RandomSource) -> WideCase {
    let shape = Shape(1, random.int(1...3), random.int(1...9), random.int(1...40))
    var p = BinaryParameters.random(&random)
    (p.a, p.b, p.output) = (shape, shape, shape)
    // Of the input with the larger scale the multiplier is 1/2.
    if random.int(0...1) == 0 { p.byA = .init(0.5) }
    if random.int(0...3) == 0 { p.byB = .init(0.5) }
    let a = random.bytes(shape.count)
    let b = random.bytes(shape.count)
    return WideCase(p.testOperator(.add), [a, b], Oracle.add(p, a, b))
  }

  private static func averagePool(_ random: inout RandomSource) -> WideCase {
    let (height, width) = (random.int(1...7), random.int(1...7))
    let input = Shape(random.int(1...2), height, width, channels(&random))
    let window = WindowParameters(
      kernelHeight: random.int(1...height), kernelWidth: random.int(1...width),
      strideHeight: random.int(1...3), strideWidth: random.int(1...3))
    let output = Shape(
      input.n, (height - window.kernelHeight) / window.strideHeight + 1,
      (width - window.kernelWidth) / window.strideWidth + 1, input.c)
    var p = PoolParameters(
      input: input, zeroPoint: random.int(-128...127), output: output, window: window)
    (p.lower, p.upper) = random.clampBounds()
    p.roundsToEven = random.int(0...1) == 1
    let values = random.bytes(input.count)
    return WideCase(
      p.testOperator(.averagePool), [values], Oracle.averagePool(p, values))
  }
}

extension ConvolutionParameters {
  fileprivate init(
    _ random: inout RandomSource, _ input: Shape, _ output: Shape, _ window: WindowParameters,
    tapCount: Int
  ) {
    let weightCount = tapCount * output.c
    let typical = 60 / (73.0 * 73 * Double(tapCount).squareRoot())
    let multipliers = (0..<output.c).map { _ in
      // Now and then a shift of 0, or one that leaves nothing.
      random.multiplier(near: [typical, typical, 0.6, 1e-7][random.int(0...3)])
    }
    self.init(
      input: input, inputZeroPoint: random.int(-128...127),
      weights: random.bytes(weightCount, -128...127), bias: random.words(output.c, -9999...9999),
      multipliers: multipliers, output: output, outputZeroPoint: random.int(-128...127),
      window: window)
    (lower, upper) = random.rectifiedBounds(outputZeroPoint)
  }
}

extension RandomSource {
  /// Bounds of a fused activation: a ReLU's, none, or any.
  mutating func rectifiedBounds(_ zeroPoint: Int) -> (lower: Int, upper: Int) {
    switch int(0...2) {
    case 0: (zeroPoint, 127)
    case 1: (-128, 127)
    default: clampBounds()
    }
  }
}

extension AxisCase {
  fileprivate mutating func makePointwise() {
    (kernel, stride, dilation, padding, output) = (1, 1, 1, 0, input)
  }
}
