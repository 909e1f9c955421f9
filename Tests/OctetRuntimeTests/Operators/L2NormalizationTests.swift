import Foundation
import OctetRuntime
import Testing

struct L2NormalizationTests {
  @Test(arguments: 0..<40)
  func matchesOracle(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = L2NormalizationParameters(
      rows: random.int(1...4), channels: random.int(1...40), zeroPoint: random.int(-128...127))
    let input = random.bytes(parameters.rows * parameters.channels)
    try expectSame(
      parameters.testOperator, inputs: [input],
      oracle: [Oracle.l2Normalization(parameters, input)], "seed \(seed)")
  }

  /// Any gain over any scale, an epsilon, a zero point of the result.
  @Test(arguments: 0..<40)
  func withAFactorMatchesOracle(seed: Int) throws {
    let parameters = L2NormalizationParameters.random(seed: seed)
    var random = RandomSource(seed: seed + 1000)
    let input = random.bytes(parameters.rows * parameters.channels)
    try expectSame(
      parameters.testOperator, inputs: [input],
      oracle: [Oracle.l2Normalization(parameters, input)], "seed \(seed)")
  }

  /// With √C rows are divided by the root of their mean square: within a step of the real quotient
  /// on any grid, and where codes are few the epsilon counts.
  @Test(arguments: 0..<20)
  func isNearTheRealQuotientOnAnyGrid(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let (channels, scale) = (24, 0.01 * Double(random.int(2...6)))
    let gain = Double(channels).squareRoot()
    var parameters = L2NormalizationParameters(rows: 1, channels: channels, zeroPoint: -7)
    parameters.epsilon = seed * 40
    parameters.factor = FixedPointMultiplier(gain / scale)
    parameters.outputZeroPoint = 11
    let input = random.bytes(channels).map { seed % 2 == 0 ? $0 : $0 / 32 - 7 }
    let sum = input.reduce(Double(parameters.epsilon)) { $0 + pow(Double($1) + 7, 2) }
    for (code, value) in zip(try parameters.testOperator.run([input])[0], input) {
      let real = gain * (Double(value) + 7) / sqrt(sum) / scale + 11
      #expect(abs(Double(code) - min(max(real, -128), 127)) <= 0.51)
    }
  }

  /// Words that a validator must not let pass.
  @Test func refusesWordsOutOfRange() {
    for words: [Int32] in [
      [-1, 1 << 30, 0], [.max, 1 << 30, 0], [0, -1, 0], [0, 1 << 30, 23], [0, 1 << 30, -9],
    ] {
      var bad = L2NormalizationParameters(rows: 2, channels: 5, zeroPoint: 0).testOperator
      bad.parameters = words.map { .word(Int($0)) }
      #expect(throws: (any Error).self, "\(words)") {
        try bad.run([[Int8](repeating: 1, count: 10)])
      }
    }
  }

  /// Within one step of the real quotient.
  @Test(arguments: 0..<20)
  func isNearTheRealQuotient(seed: Int) throws {
    var random = RandomSource(seed: seed)
    let parameters = L2NormalizationParameters(rows: 1, channels: 7, zeroPoint: 3)
    let input = random.bytes(7)
    let norm = sqrt(input.reduce(0) { $0 + pow(Double($1) - 3, 2) })
    for (code, value) in zip(try parameters.testOperator.run([input])[0], input) {
      let real = min(max(128 * (Double(value) - 3) / norm, -128), 127)
      #expect(abs(Double(code) - real) <= 1)
    }
  }

  /// 3, 4 and 0 over 5; zeros stay zeros; one element is 1, which is one step too much.
  @Test func handChecked() throws {
    let three = L2NormalizationParameters(rows: 2, channels: 3, zeroPoint: 0)
    #expect(try three.testOperator.run([[3, 4, 0, 0, 0, 0]]) == [[77, 102, 0, 0, 0, 0]])
    let one = L2NormalizationParameters(rows: 2, channels: 1, zeroPoint: 5)
    #expect(try one.testOperator.run([[6, -9]]) == [[127, -128]])
  }

  @Test func inverseSquareRoots() {
    for x in Array(0...2000) + [1 << 29, (1 << 29) - 1, 1 << 27, 1 << 30, Int(Int32.max)] {
      let by = GemmlowpFixedPoint.inverseSquareRoot(Int32(x))
      #expect(by == Oracle.inverseSquareRoot(Int64(x)))
      let real = Double(by.multiplier) * pow(2, Double(by.shift) - 31) * sqrt(Double(max(x, 1)))
      #expect(abs(real - 1) < 0x1p-19)
    }
  }
}

extension L2NormalizationParameters {
  /// With a factor.
  static func random(seed: Int) -> Self {
    var random = RandomSource(seed: seed)
    var result = Self(
      rows: random.int(1...4), channels: random.int(1...40), zeroPoint: random.int(-128...127))
    result.epsilon = random.int(0...3) * random.int(0...40_000)
    result.factor = FixedPointMultiplier(
      multiplier: Int32((1 << 30) + random.int(0...(1 << 30) - 1)),
      shift: Int32(random.int(-8...22)))
    result.outputZeroPoint = random.int(-128...127)
    return result
  }

  var testOperator: TestOperator {
    let shape = Shape(1, 1, rows, channels)
    return TestOperator(
      kind: .l2Normalization, inputs: [TestTensor(shape: shape, zeroPoint: zeroPoint)],
      outputs: [TestTensor(shape: shape, scale: 1 / 128, zeroPoint: outputZeroPoint)],
      parameters: factor.map {
        [.word(epsilon), .word(Int($0.multiplier)), .word(Int($0.shift))]
      } ?? [])
  }
}
