import OctetRuntime
import Testing

struct Sigmoid16Tests {
  /// Every code.
  @Test(arguments: [false, true], [(24_000, 13), (3, 0), (16_384, 20)])
  func matchesOracle(isTangent: Bool, scaling: (multiplier: Int, shift: Int)) throws {
    let parameters = Sigmoid16Parameters(
      isTangent: isTangent, shape: Shape(1, 256, 256, 1), multiplier: scaling.multiplier,
      shift: scaling.shift)
    let input = Array(Int16.min...Int16.max)
    let expected = Oracle.sigmoid16(parameters, input)
    #expect(try parameters.testOperator.run([input.bytes]) == [expected.bytes])
  }

  @Test(arguments: [false, true]) func runsInPlace(isTangent: Bool) throws {
    var random = RandomSource(seed: 3)
    let parameters = Sigmoid16Parameters(isTangent: isTangent, shape: Shape(1, 2, 3, 5))
    let input = random.int16s(30)
    try expectSame(
      parameters.testOperator, inputs: [input.bytes],
      oracle: [Oracle.sigmoid16(parameters, input).bytes], "tangent: \(isTangent)")
  }
}
