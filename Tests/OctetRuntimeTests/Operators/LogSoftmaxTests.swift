import Foundation
import OctetRuntime
import Testing

struct LogSoftmaxTests {
  @Test(arguments: 0..<60)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let scale = Double.random(in: 0.002...0.5, using: &random)
    var parameters = LogSoftmaxParameters(
      rows: random.int(1...3), channels: random.int(1...40), scale: scale)
    if seed.isMultiple(of: 3) {
      let factor = Double.random(in: 0x1p-26...0x1p-18, using: &random)
      parameters.output = (FixedPointMultiplier(factor), random.int(-128...127))
    }
    let input = random.bytes(parameters.rows * parameters.channels)
    try expectSame(
      parameters.testOperator, inputs: [input], oracle: [Oracle.logSoftmax(parameters, input)],
      "seed \(seed): scale \(scale)")
  }

  /// The fixed point is within one step of 16ths of the real logarithm.
  @Test(arguments: 0..<20)
  func isNearTheRealLogSoftmax(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let scale = Double.random(in: 0.002...0.5, using: &random)
    let parameters = LogSoftmaxParameters(rows: 1, channels: 10, scale: scale)
    let input = random.bytes(10)
    let output = try parameters.testOperator.run([input])[0]
    let sum = input.reduce(0) { $0 + exp(Double($1) * scale) }
    for (value, score) in zip(output, input) {
      let real = max((Double(score) * scale - log(sum)) * 16 + 127, -128)
      #expect(abs(Double(value) - real) <= 1, "seed \(seed): scale \(scale)")
    }
  }

  /// TensorFlow Lite for Microcontrollers (0.dev20261023182759) on three rows.
  @Test func matchesTensorFlowLiteMicro() throws {
    for golden in Self.golden {
      let parameters = LogSoftmaxParameters(
        rows: 1, channels: golden.input.count, scale: Double(golden.scale))
      #expect(try parameters.testOperator.run([golden.input]) == [golden.output])
    }
  }

  @Test func edges() throws {
    // One channel is certain; of 4,095 equal ones each is −ln(4095) = −8.3.
    let one = LogSoftmaxParameters(rows: 1, channels: 1, scale: 0.1)
    #expect(try one.testOperator.run([[5]]) == [[127]])
    let many = LogSoftmaxParameters(rows: 1, channels: 4095, scale: 0.1)
    #expect(
      try many.testOperator.run([.init(repeating: 7, count: 4095)])[0].allSatisfy { $0 == -6 })
  }
}

extension LogSoftmaxTests {
  struct Golden: Sendable {
    var scale: Float
    var input, output: [Int8]
  }

  static let golden = [
    Golden(
      scale: 0.042271532118320465,
      input: [74, -71, 85, -127, 119, 100, -116, 7, -106, -33, -8, 68, 29],
      output: [86, -13, 93, -50, 116, 103, -43, 40, -36, 13, 30, 82, 55]),
    Golden(
      scale: 0.02236148901283741,
      input: [-52, 38, 61, 124, -118, 36, 9, -118, 72, 58, 115, 61, 111, -60],
      output: [42, 74, 82, 105, 18, 73, 64, 18, 86, 81, 102, 82, 100, 39]),
    Golden(
      scale: 0.0020865360274910927,
      input: [56, -21, -96, 126, -54, 47, 58, -95, -128, -22, -75, 10, 79],
      output: [88, 85, 83, 90, 84, 88, 88, 83, 82, 85, 84, 86, 89]),
  ]
}

extension LogSoftmaxParameters {
  init(rows: Int, channels: Int, scale: Double) {
    let multiplier = FixedPointMultiplier(min(scale * 0x1p26, 0x1p31 - 1))
    let largest = 31 * 0x1p26 / pow(2, Double(multiplier.shift))
    self.init(
      rows: rows, channels: channels, multiplier: multiplier,
      inverse: FixedPointMultiplier(
        pow(2, Double(31 - multiplier.shift)) / Double(multiplier.multiplier)),
      differenceMinimum: -min(255, Int(largest)))
  }

  var testOperator: TestOperator {
    let shape = Shape(1, 1, rows, channels)
    return TestOperator(
      kind: .logSoftmax, inputs: [TestTensor(shape: shape)],
      outputs: [TestTensor(shape: shape, scale: 1 / 16, zeroPoint: output?.zeroPoint ?? 127)],
      words: [
        SoftmaxRows.Word.multiplier: .word(Int(multiplier.multiplier)),
        .shift: .word(Int(multiplier.shift)), .differenceMinimum: .word(differenceMinimum),
        .outputMultiplier: .word(Int(output?.by.multiplier ?? 0)),
        .outputShift: .word(Int(output?.by.shift ?? 0)),
        .inverseMultiplier: .word(Int(inverse.multiplier)),
        .inverseShift: .word(Int(inverse.shift)),
      ])
  }
}
