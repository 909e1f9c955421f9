import OctetRuntime

// Random operators, continued: those of issue 5.

extension ConvolutionParameters {
  static func transposed(_ random: inout RandomSource) -> Self {
    // The windows slide over the output; any output extent is right.
    let rows = AxisCase(&random, maximum: 5)
    let columns = AxisCase(&random, maximum: 5)
    let groups = random.int(0...2) == 0 ? 2 : 1
    let input = Shape(random.int(1...2), rows.output, columns.output, groups * random.int(1...5))
    let channels = groups * random.int(1...5)
    let taps = rows.kernel * columns.kernel * input.c / groups
    var p = ConvolutionParameters(
      input: input, inputZeroPoint: random.int(-128...127),
      weights: random.bytes(taps * channels, -128...127),
      bias: random.words(channels, -9999...9999),
      multipliers: (0..<channels).map { _ in
        random.multiplier(near: 60 / (73.0 * 73 * Double(taps).squareRoot()))
      },
      output: Shape(
        input.n, rows.input + random.int(0...2), columns.input + random.int(0...2), channels),
      outputZeroPoint: random.int(-128...127), window: .init(rows, columns), groups: groups)
    (p.lower, p.upper) = random.clampBounds()
    return p
  }

  var transposedConvolutionOperator: TestOperator {
    let words = window.words + [groups, window.kernelHeight, window.kernelWidth, lower, upper]
    return TestOperator(
      kind: .transposedConvolution,
      inputs: [TestTensor(shape: input, zeroPoint: inputZeroPoint)],
      outputs: [TestTensor(shape: output, zeroPoint: outputZeroPoint)],
      parameters: words.map { .word($0) } + [.bytes(weights), .words(bias)]
        + multipliers.parameters)
  }
}

extension TestOperator {
  static func transpose(_ shape: Shape, _ permutation: [Int]) -> TestOperator {
    let output = Shape(permutation.map { shape.dimensions[$0] })
    return TestOperator(
      kind: .transpose, inputs: [TestTensor(shape: shape)], outputs: [TestTensor(shape: output)],
      parameters: permutation.map { .word($0) })
  }
}

extension RandomSource {
  mutating func shape(_ maximum: Int = 5) -> Shape {
    Shape(int(1...2), int(1...maximum), int(1...maximum), int(1...maximum + 4))
  }
}

extension BinaryParameters {
  static func random(_ random: inout RandomSource) -> Self {
    let output = random.shape()
    var (a, b) = (output.dimensions, output.dimensions)
    if random.int(0...1) == 0 {
      for axis in 0..<4 {
        switch random.int(0...3) {
        case 0: a[axis] = 1
        case 1: b[axis] = 1
        default: break
        }
      }
    }
    var p = Self(
      a: Shape(a), b: Shape(b), output: Shape(zip(a, b).map { max($0, $1) }),
      zeroA: random.int(-128...127), zeroB: random.int(-128...127),
      zeroOutput: random.int(-128...127))
    (p.lower, p.upper) = random.clampBounds()
    p.byA = FixedPointMultiplier(Double.random(in: 0.01...0.5, using: &random))
    p.byB = FixedPointMultiplier(Double.random(in: 0.01...0.5, using: &random))
    return p
  }

  func testOperator(_ kind: OperatorKind, constantB: [Int8]? = nil) -> TestOperator {
    func words(_ by: FixedPointMultiplier) -> [Int] { [Int(by.multiplier), Int(by.shift)] }
    let parameters: [Int] =
      switch kind {
      case .add, .subtract: [leftShift] + words(byA) + words(byB) + words(by) + [lower, upper]
      case .multiply: words(by) + [lower, upper]
      default: []
      }
    return TestOperator(
      kind: kind,
      inputs: [
        TestTensor(shape: a, zeroPoint: zeroA),
        TestTensor(shape: b, zeroPoint: zeroB, constant: constantB),
      ],
      outputs: [TestTensor(shape: output, zeroPoint: zeroOutput)],
      parameters: parameters.map { .word($0) })
  }
}
