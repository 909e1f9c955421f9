import OctetRuntime
import Testing

struct MeanTests {
  @Test(arguments: 0..<40)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = MeanParameters(
      input: random.shape(), zeroPoint: random.int(-128...127),
      axes: Set((0..<4).filter { _ in random.int(0...1) == 0 }),
      by: random.multiplier(near: 1), outputZeroPoint: random.int(-128...127))
    let input = random.bytes(parameters.input.count)
    try expectSame(
      parameters.testOperator, inputs: [input], oracle: [Oracle.mean(parameters, input)],
      "seed \(seed): \(parameters.input) over \(parameters.axes)")
  }
}

extension MeanParameters {
  var testOperator: TestOperator {
    let multiplier = Mean.multiplier(by, dividedBy: count)
    return TestOperator(
      kind: .mean, inputs: [TestTensor(shape: input, zeroPoint: zeroPoint)],
      outputs: [TestTensor(shape: output, zeroPoint: outputZeroPoint)],
      words: [
        Mean.Word.axes: .word(axes.reduce(0) { $0 | 1 << $1 }),
        .multiplier: .word(Int(multiplier.multiplier)), .shift: .word(Int(multiplier.shift)),
      ])
  }
}
