import OctetRuntime
import Testing

struct MatrixMultiplyTests {
  @Test(arguments: 0..<120)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = MatrixMultiplyParameters.random(&random)
    let a = random.bytes(parameters.a.count)
    let b = random.bytes(parameters.b.count)
    let expected = Oracle.matrixMultiply(parameters, a, b)
    let comment = "seed \(seed): \(parameters.a) by \(parameters.b), \(parameters.isTransposed)"
    try expectSame(parameters.testOperator(), inputs: [a, b], oracle: [expected], comment)
    try expectSame(
      parameters.testOperator(constantA: a), inputs: [b], oracle: [expected],
      "a constant, \(comment)")
    try expectSame(
      parameters.testOperator(constantB: b), inputs: [a], oracle: [expected],
      "b constant, \(comment)")
  }

  @Test func handChecked() throws {
    // [1 2; 3 4] · [5 6; 7 8] = [19 22; 43 50], of which zero points change nothing.
    var parameters = MatrixMultiplyParameters(
      a: Shape(1, 1, 2, 2), b: Shape(1, 1, 2, 2), zeroA: -1, zeroB: 3, zeroOutput: 10,
      by: .init(0.5))
    let a: [Int8] = [0, 1, 2, 3]
    // 9.5 and 21.5 round away from zero.
    let expected: [Int8] = [20, 21, 32, 35]
    #expect(try parameters.testOperator().run([a, [8, 9, 10, 11]]) == [expected])
    parameters.isTransposed = true
    #expect(try parameters.testOperator().run([a, [8, 10, 9, 11]]) == [expected])
  }

  /// The largest sums that there are, at both ends of the zero points.
  @Test(arguments: [(-128, 127), (127, -128), (127, 127), (-128, -128)])
  func extremes(zeroA: Int, zeroB: Int) throws {
    let depth = 32_767
    let p = MatrixMultiplyParameters(
      a: Shape(1, 1, 2, depth), b: Shape(1, 1, depth, 1), zeroA: zeroA, zeroB: zeroB,
      by: .init(0x1p-24))
    for (x, y) in [(-128, -128), (-128, 127), (127, -128), (127, 127)] as [(Int8, Int8)] {
      let a = [Int8](repeating: x, count: 2 * depth)
      let b = [Int8](repeating: y, count: depth)
      try expectSame(
        p.testOperator(), inputs: [a, b], oracle: [Oracle.matrixMultiply(p, a, b)],
        "all \(x) by all \(y)")
    }
  }

  @Test func saturates() throws {
    let p = MatrixMultiplyParameters(
      a: Shape(1, 1, 1, 3), b: Shape(1, 1, 3, 2), zeroOutput: 5, by: .init(0.9))
    #expect(
      try p.testOperator().run([[100, 100, 100], [9, -9, 9, -9, 9, -9]]) == [[127, -128]])
  }

  /// TensorFlow Lite for Microcontrollers (0.dev20261023182759) on 10×5 by 5×6.
  @Test(arguments: [false, true]) func matchesTensorFlowLiteMicro(isTransposed: Bool) throws {
    let real = Double(Float(0.008810484) * Float(0.08867361)) / Double(Float(0.34383217))
    let p = MatrixMultiplyParameters(
      a: Shape(1, 1, 10, 5), b: isTransposed ? Shape(1, 1, 6, 5) : Shape(1, 1, 5, 6),
      isTransposed: isTransposed, zeroA: -44, zeroB: -39, zeroOutput: 67, by: .init(real))
    let b = isTransposed ? (0..<30).map { Self.goldenB[$0 % 5 * 6 + $0 / 5] } : Self.goldenB
    try expectSame(
      p.testOperator(), inputs: [Self.goldenA, b], oracle: [Self.goldenOutput], "TFLM")
  }

  @Test func refusesWhatDoesNotFit() throws {
    let p = MatrixMultiplyParameters(
      a: Shape(1, 2, 3, 4), b: Shape(1, 2, 4, 5), by: .init(0.5))
    func refuses(_ cause: ModelError.Cause, _ change: (inout TestOperator) -> Void) {
      var operation = p.testOperator()
      change(&operation)
      let error = #expect(throws: ModelError.self) { try operation.validate() }
      #expect(error?.cause == cause)
    }
    refuses(.operatorShape) { $0.inputs[1].shape = Shape(1, 2, 5, 4) }
    refuses(.operatorShape) { $0.inputs[1].shape = Shape(1, 3, 4, 5) }
    refuses(.operatorShape) { $0.inputs[1].shape = Shape(2, 2, 4, 5) }
    refuses(.operatorShape) { $0.outputs[0].shape = Shape(1, 2, 3, 4) }
    refuses(.operatorShape) { $0[MatrixMultiply.Word.isTransposed] = .word(1) }
    refuses(.operatorParameters) { $0[MatrixMultiply.Word.isTransposed] = .word(2) }
    refuses(.operatorShift) { $0[MatrixMultiply.Word.multiplier] = .word(-1) }
    refuses(.operatorShift) { $0[MatrixMultiply.Word.shift] = .word(31) }
    refuses(.tooLarge) {
      $0.inputs[0].shape = Shape(1, 1, 1, 1 << 15)
      $0.inputs[1].shape = Shape(1, 1, 1 << 15, 1)
      $0.outputs[0].shape = Shape(1, 1, 1, 1)
    }
  }
}

extension MatrixMultiplyTests {
  static let goldenA: [Int8] = [
    -7, 3, 65, 115, -120, -92, 82, 114, -65, -49, 94, -20, -59, 83, -63, -24, 36, 12, -107, -121,
    93, 64, 86, 9, 81, -44, -13, 73, -97, -51, -97, -12, 122, -94, -30, -25, 103, -76, 0, -61,
    -123, 64, -113, -57, -1, -4, -99, 123, 63, 118,
  ]
  static let goldenB: [Int8] = [
    -105, 57, -53, 10, 108, -58, 57, -87, -46, 120, -21, 4, -54, -99, -20, 31, -12, 70, -36, 28,
    69, 106, -19, -118, 55, 7, 95, -11, -34, -113,
  ]
  static let goldenOutput: [Int8] = [
    53, 71, 86, 127, 94, 81, 95, 18, 67, 125, 65, 125, 49, 114, 87, 127, 119, 40, 63, 37, 29, 81,
    77, 112, 93, 89, 118, 127, 127, 73, 68, 39, 56, 79, 73, 110, 79, 23, 67, 83, 59, 120, 94, 64,
    68, 127, 79, 68, 114, 50, 75, 85, 41, 59, 79, 92, 127, 124, 95, 55,
  ]
}

extension MatrixMultiplyParameters {
  /// Often one row, column or element of depth; leading dimensions shared, repeated or none.
  static func random(_ random: inout RandomSource) -> Self {
    func extent(_ maximum: Int) -> Int {
      random.int(0...3) == 0 ? 1 : random.int(1...maximum)
    }
    let (m, k, n) = (extent(6), extent(70), extent(20))
    let leading = [random.int(1...3), random.int(1...3)]
    func some() -> [Int] { leading.map { random.int(0...3) == 0 ? 1 : $0 } }
    let isTransposed = random.int(0...1) == 0
    var p = Self(
      a: Shape(some() + [m, k]), b: Shape(some() + (isTransposed ? [n, k] : [k, n])),
      isTransposed: isTransposed, by: random.multiplier(near: 1 / (73 * Double(k).squareRoot())))
    func zeroPoint() -> Int {
      [-128, 127, 0, random.int(-128...127)][random.int(0...3)]
    }
    (p.zeroA, p.zeroB, p.zeroOutput) = (zeroPoint(), zeroPoint(), zeroPoint())
    return p
  }

  func testOperator(constantA: [Int8]? = nil, constantB: [Int8]? = nil) -> TestOperator {
    TestOperator(
      kind: .matrixMultiply,
      inputs: [
        TestTensor(shape: a, zeroPoint: zeroA, constant: constantA),
        TestTensor(shape: b, zeroPoint: zeroB, constant: constantB),
      ],
      outputs: [TestTensor(shape: output, zeroPoint: zeroOutput)],
      words: [
        MatrixMultiply.Word.multiplier: .word(Int(by.multiplier)),
        .shift: .word(Int(by.shift)), .isTransposed: .word(isTransposed ? 1 : 0),
      ])
  }
}
