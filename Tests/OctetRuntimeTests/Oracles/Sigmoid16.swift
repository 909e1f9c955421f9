import Foundation
import OctetRuntime

struct Sigmoid16Parameters {
  var isTangent: Bool
  var shape: Shape
  /// A code is `multiplier / 2^shift` steps of 1 / 12,288.
  var multiplier = 24_000
  var shift = 13
  /// The logistic function in steps of 1/24.
  var table = (0..<256).map { UInt16(min(65_535, 65_536 / (1 + exp(-Double($0) / 24)))) }

  var testOperator: TestOperator {
    typealias Word = Sigmoid16.Word
    return TestOperator(
      kind: .sigmoid16, inputs: [.int16(shape)], outputs: [.int16(shape)],
      words: [
        Word.isTangent: .word(isTangent ? 1 : 0), .multiplier: .word(multiplier),
        .shift: .word(shift), .table: .words(table.map { Int16(bitPattern: $0) }.pairs),
      ])
  }
}

extension [Int16] {
  /// Two to a word, the first in the lower half.
  var pairs: [Int32] {
    stride(from: 0, to: count, by: 2).map { index in
      let high = index + 1 < count ? Int32(self[index + 1]) << 16 : 0
      return Int32(UInt16(bitPattern: self[index])) | high
    }
  }
}

extension Oracle {
  /// logistic(−x) = 1 − logistic(x), and tanh(x) = 2 · logistic(2x) − 1, in the reference's steps.
  static func sigmoid16(_ p: Sigmoid16Parameters, _ input: [Int16]) -> [Int16] {
    input.map { code in
      let half = p.shift > 0 ? 1 << (p.shift - 1) : 0
      let argument = (Int(code) * p.multiplier + half) >> p.shift
      // A step of the table is 512 steps of the argument, or 256 of half of it.
      let step = p.isTangent ? 256 : 512
      let (place, rest) = abs(argument).quotientAndRemainder(dividingBy: step)
      var value = p.isTangent ? 65_535 * step : 65_534 * step
      if place < 255 {
        value = Int(p.table[place]) * (step - rest) + Int(p.table[place + 1]) * rest
      }
      if p.isTangent {
        let distance = value - 32_768 * step
        return Int16((argument < 0 ? 127 - distance : distance + 128) >> 8)
      }
      return Int16((argument < 0 ? 65_536 * step - value + 511 : value + 512) >> 10)
    }
  }
}
