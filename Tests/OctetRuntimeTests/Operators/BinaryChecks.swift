import OctetRuntime
import Testing

typealias BinaryOracle = (BinaryParameters, [Int8], [Int8]) -> [Int8]

/// Random shapes, broadcast or not, and b as an activation and as a constant.
func checkBinary(_ kind: OperatorKind, seed: Int, oracle: BinaryOracle) throws {
  var random = RandomSource(seed: seed)
  var parameters = BinaryParameters.random(&random)
  if kind == .multiply { parameters.by = random.multiplier(near: 0.01) }
  if kind == .squaredDifference { parameters.by = random.multiplier(near: 0x1p-20) }
  let a = random.bytes(parameters.a.count)
  let b = random.bytes(parameters.b.count)
  let expected = oracle(parameters, a, b)
  try expectSame(
    parameters.testOperator(kind), inputs: [a, b], oracle: [expected], "seed \(seed)")
  try expectSame(
    parameters.testOperator(kind, constantB: b), inputs: [a], oracle: [expected],
    "a constant, seed \(seed)")
}

/// Every pair of int8 values.
func checkAllPairs(_ kind: OperatorKind, oracle: BinaryOracle) throws {
  var random = RandomSource(seed: 7)
  var parameters = BinaryParameters(
    a: Shape(1, 1, 256, 1), b: Shape(1, 1, 1, 256), output: Shape(1, 1, 256, 256), zeroA: 3,
    zeroB: -128, zeroOutput: -7)
  if kind == .multiply { parameters.by = random.multiplier(near: 0.01) }
  if kind == .squaredDifference { parameters.by = random.multiplier(near: 0x1p-20) }
  let all = Array(Int8.min...Int8.max)
  let output = try parameters.testOperator(kind).run([all, all])
  #expect(output == [oracle(parameters, all, all)])
}
