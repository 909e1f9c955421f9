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
    refuses(.operatorShape) { $0.parameters[2] = .word(1) }
    refuses(.operatorParameters) { $0.parameters[2] = .word(2) }
    refuses(.operatorShift) { $0.parameters[0] = .word(-1) }
    refuses(.operatorShift) { $0.parameters[1] = .word(31) }
    refuses(.tooLarge) {
      $0.inputs[0].shape = Shape(1, 1, 1, 1 << 15)
      $0.inputs[1].shape = Shape(1, 1, 1 << 15, 1)
      $0.outputs[0].shape = Shape(1, 1, 1, 1)
    }
  }
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
      parameters: [Int(by.multiplier), Int(by.shift), isTransposed ? 1 : 0].map { .word($0) })
  }
}
