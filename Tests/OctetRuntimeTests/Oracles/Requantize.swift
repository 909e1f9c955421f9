import OctetRuntime

struct RequantizeParameters {
  var shape: Shape
  var isInt16: (input: Bool, output: Bool)
  var zeroPoint = (input: 0, output: 0)
  var by: FixedPointMultiplier
  var lower: Int
  var upper: Int

  static func random(_ shape: Shape, _ random: inout RandomSource) -> RequantizeParameters {
    let wide = (random.int(0...1) == 1, random.int(0...1) == 1)
    let ratio = wide.0 == wide.1 ? 0.8 : wide.0 ? 1 / 200.0 : 200
    let most = wide.1 ? 32_767 : 127
    return RequantizeParameters(
      shape: shape, isInt16: wide,
      zeroPoint: (wide.0 ? 0 : random.int(-128...127), wide.1 ? 0 : random.int(-128...127)),
      by: random.multiplier(near: ratio), lower: random.int(~most...0),
      upper: random.int(1...most))
  }

  var testOperator: TestOperator {
    var (input, output) = (TestTensor(shape: shape), TestTensor(shape: shape))
    (input.isInt16, output.isInt16) = isInt16
    (input.zeroPoint, output.zeroPoint) = zeroPoint
    typealias Word = Requantize.Word
    return TestOperator(
      kind: .requantize, inputs: [input], outputs: [output],
      words: [
        Word.multiplier: .word(Int(by.multiplier)), .shift: .word(Int(by.shift)),
        .lower: .word(lower), .upper: .word(upper),
      ])
  }
}

extension Oracle {
  static func requantize(_ p: RequantizeParameters, _ input: [Int16]) -> [Int16] {
    input.map { code in
      let value = requantize(Int64(code) - Int64(p.zeroPoint.input), p.by)
      return Int16(min(max(value + Int64(p.zeroPoint.output), Int64(p.lower)), Int64(p.upper)))
    }
  }
}
