import OctetRuntime
import Testing

struct ElementwiseTests {
  typealias Reference = @Sendable (BinaryParameters, [Int8], [Int8]) -> [Int8]

  static func oracle(_ kind: OperatorKind) -> Reference {
    switch kind {
    case .add: { Oracle.add($0, $1, $2) }
    case .subtract: { Oracle.subtract($0, $1, $2) }
    case .multiply: { Oracle.multiply($0, $1, $2) }
    case .minimum: { Oracle.minimum($0, $1, $2) }
    default: { Oracle.maximum($0, $1, $2) }
    }
  }

  @Test(arguments: [OperatorKind.add, .subtract, .multiply, .minimum, .maximum], 0..<30)
  func matchesOracle(kind: OperatorKind, seed: Int) throws {
    var random = RandomSource(seed: seed)
    var parameters = BinaryParameters.random(&random)
    if kind == .multiply { parameters.by = random.multiplier(near: 0.01) }
    let a = random.bytes(parameters.a.count)
    let b = random.bytes(parameters.b.count)
    let expected = Self.oracle(kind)(parameters, a, b)
    try expectSame(
      parameters.testOperator(kind), inputs: [a, b], oracle: [expected], "\(kind), seed \(seed)")
    try expectSame(
      parameters.testOperator(kind, constantB: b), inputs: [a], oracle: [expected],
      "\(kind) of a constant, seed \(seed)")
  }

  /// Every pair of int8 values.
  @Test(arguments: [OperatorKind.add, .subtract, .multiply, .minimum, .maximum])
  func allPairs(kind: OperatorKind) throws {
    var random = RandomSource(seed: 7)
    let column = Shape(1, 1, 256, 1)
    let row = Shape(1, 1, 1, 256)
    var parameters = BinaryParameters(
      a: column, b: row, output: Shape(1, 1, 256, 256), zeroA: 3, zeroB: -128, zeroOutput: -7)
    if kind == .multiply { parameters.by = random.multiplier(near: 0.01) }
    let all = Array(Int8.min...Int8.max)
    let output = try parameters.testOperator(kind).run([all, all])
    #expect(output == [Self.oracle(kind)(parameters, all, all)])
  }

  /// 0.5 · 3 + 0.25 · 10 = 4, in units of 0.5: 8.
  @Test func addHandChecked() throws {
    let one = Shape(1, 1, 1, 1)
    let parameters = BinaryParameters(
      a: one, b: one, output: one, byA: .init(0.5), byB: .init(0.25), by: .init(0x1p-19))
    #expect(try parameters.testOperator(.add).run([[3], [10]]) == [[8]])
    // 1.5 − 2.5 = −1: −2
    #expect(try parameters.testOperator(.subtract).run([[3], [10]]) == [[-2]])
  }
}
