import OctetRuntime

// Random operators: transposed convolutions, transpositions, operands that are broadcast.

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
    typealias Word = TransposedConvolution.Word
    return TestOperator(
      kind: .transposedConvolution,
      inputs: [TestTensor(shape: input, zeroPoint: inputZeroPoint)],
      outputs: [TestTensor(shape: output, zeroPoint: outputZeroPoint)],
      words: [
        Word.strideHeight: .word(window.strideHeight), .strideWidth: .word(window.strideWidth),
        .dilationHeight: .word(window.dilationHeight),
        .dilationWidth: .word(window.dilationWidth), .paddingTop: .word(window.top),
        .paddingLeft: .word(window.left), .groups: .word(groups),
        .kernelHeight: .word(window.kernelHeight), .kernelWidth: .word(window.kernelWidth),
        .lower: .word(lower), .upper: .word(upper), .weights: .bytes(weights),
        .bias: .words(bias), .multipliers: multipliers.words, .shifts: multipliers.shifts,
      ])
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
    func words<Word: ParameterWord>(
      _ by: FixedPointMultiplier, _ multiplier: Word, _ shift: Word
    ) -> [Word: TestParameter] {
      [multiplier: .word(Int(by.multiplier)), shift: .word(Int(by.shift))]
    }
    let inputs = [
      TestTensor(shape: a, zeroPoint: zeroA),
      TestTensor(shape: b, zeroPoint: zeroB, constant: constantB),
    ]
    let outputs = [TestTensor(shape: output, zeroPoint: zeroOutput)]
    switch kind {
    case .add, .subtract:
      typealias Word = Add.Word
      return TestOperator(
        kind: kind, inputs: inputs, outputs: outputs,
        words: words(byA, Word.multiplierA, .shiftA) + words(byB, .multiplierB, .shiftB)
          + words(by, .multiplier, .shift)
          + [.leftShift: .word(leftShift), .lower: .word(lower), .upper: .word(upper)])
    case .squaredDifference:
      typealias Word = SquaredDifference.Word
      return TestOperator(
        kind: kind, inputs: inputs, outputs: outputs,
        words: words(byA, Word.multiplierA, .shiftA) + words(byB, .multiplierB, .shiftB)
          + words(by, .multiplier, .shift))
    case .multiply:
      return TestOperator(
        kind: kind, inputs: inputs, outputs: outputs,
        words: words(by, Multiply.Word.multiplier, .shift)
          + [.lower: .word(lower), .upper: .word(upper)])
    default:
      return TestOperator(kind: kind, inputs: inputs, outputs: outputs, parameters: [])
    }
  }
}
