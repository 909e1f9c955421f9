import Foundation
import OctetRuntime
import Testing

struct SoftmaxTests {
  @Test(arguments: 0..<60)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let scale = Double.random(in: 0.002...0.5, using: &random)
    var parameters = SoftmaxParameters(
      rows: random.int(1...3), channels: random.int(1...40), scale: scale)
    if seed.isMultiple(of: 3) {
      let factor = Double.random(in: 0x1p-19...0.3, using: &random)
      parameters.output = (FixedPointMultiplier(factor), random.int(-128...127))
    }
    let input = random.bytes(parameters.rows * parameters.channels)
    try expectSame(
      parameters.testOperator, inputs: [input], oracle: [Oracle.softmax(parameters, input)],
      "seed \(seed): scale \(scale)")
  }

  /// The fixed point is within one step of 256ths of the real softmax.
  @Test(arguments: 0..<20)
  func isNearTheRealSoftmax(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let scale = Double.random(in: 0.002...0.5, using: &random)
    let parameters = SoftmaxParameters(rows: 1, channels: 10, scale: scale)
    let input = random.bytes(10)
    let output = try parameters.testOperator.run([input])[0]
    let exponentials = input.map { exp(Double($0) * scale) }
    let sum = exponentials.reduce(0, +)
    for (value, exponential) in zip(output, exponentials) {
      let real = min(exponential / sum * 256 - 128, 127)
      #expect(abs(Double(value) - real) <= 1, "seed \(seed): scale \(scale)")
    }
  }

  /// On any scale a code is the nearest, but for a hundredth of a step more where that is 2⁻¹³.
  @Test(arguments: 0..<20)
  func isNearestOnItsOwnScale(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let scale = Double.random(in: 0.002...0.2, using: &random)
    let step = Double.random(in: 0x1p-13...0x1p-8, using: &random)
    var parameters = SoftmaxParameters(rows: 1, channels: 40, scale: scale)
    parameters.output = (FixedPointMultiplier(0x1p-20 / step), -128)
    let input = random.bytes(40)
    let output = try parameters.testOperator.run([input])[0]
    let exponentials = input.map { exp(Double($0) * scale) }
    let sum = exponentials.reduce(0, +)
    for (value, exponential) in zip(output, exponentials) {
      let real = min(exponential / sum / step - 128, 127)
      #expect(abs(Double(value) - real) <= 0.51, "seed \(seed): scale \(scale), step \(step)")
    }
  }

  @Test func edges() throws {
    // One channel is certain; 600 equal ones are nothing each.
    let one = SoftmaxParameters(rows: 1, channels: 1, scale: 0.1)
    #expect(try one.testOperator.run([[5]]) == [[127]])
    let many = SoftmaxParameters(rows: 1, channels: 4095, scale: 0.1)
    #expect(
      try many.testOperator.run([.init(repeating: 7, count: 4095)])[0].allSatisfy { $0 == -128 })
  }
}

extension SoftmaxParameters {
  init(rows: Int, channels: Int, scale: Double) {
    let multiplier = FixedPointMultiplier(min(scale * 0x1p26, 0x1p31 - 1))
    let largest = 31 * 0x1p26 / pow(2, Double(multiplier.shift))
    self.init(
      rows: rows, channels: channels, multiplier: multiplier,
      differenceMinimum: -min(255, Int(largest)))
  }

  var testOperator: TestOperator {
    let shape = Shape(1, 1, rows, channels)
    return TestOperator(
      kind: .softmax, inputs: [TestTensor(shape: shape)],
      outputs: [TestTensor(shape: shape, scale: 1 / 256, zeroPoint: output?.zeroPoint ?? -128)],
      words: [
        SoftmaxRows.Word.multiplier: .word(Int(multiplier.multiplier)),
        .shift: .word(Int(multiplier.shift)), .differenceMinimum: .word(differenceMinimum),
        .outputMultiplier: .word(Int(output?.by.multiplier ?? 0)),
        .outputShift: .word(Int(output?.by.shift ?? 0)),
      ])
  }
}
