import Foundation
import OctetRuntime

struct Softmax16Parameters {
  var rows: Int
  var channels: Int
  /// Steps of 10 / 65,535 in a code.
  var by = FixedPointMultiplier(3.7)
  /// exp(x) from −10 to 0 and 1 / (1 + x) from 0 to 1, in 512 steps.
  var exponentials = (0...512).map { Int16(min(32_767, 32_768 * exp(Double($0 - 512) / 51.2))) }
  var reciprocals = (0...512).map { Int16(min(32_767, 32_768 / (1 + Double($0) / 512))) }

  var shape: Shape { Shape(1, 1, rows, channels) }

  var testOperator: TestOperator {
    typealias Word = Softmax16.Word
    return TestOperator(
      kind: .softmax16, inputs: [.int16(shape)], outputs: [.int16(shape)],
      words: [
        Word.multiplier: .word(Int(by.multiplier)), .shift: .word(Int(by.shift)),
        .exponentials: .words(exponentials.pairs), .reciprocals: .words(reciprocals.pairs),
      ])
  }
}

extension Oracle {
  static func softmax16(_ p: Softmax16Parameters, _ input: [Int16]) -> [Int16] {
    func between(_ place: Int64, _ table: [Int16]) -> Int64 {
      let (index, rest) = (Int(place + 32_768) / 128, (place + 32_768) % 128)
      let (base, next) = (Int64(table[index]), Int64(table[index + 1]))
      return base + divideTiesUp((next - base) * rest, powerOfTwo: 7)
    }
    return stride(from: 0, to: input.count, by: p.channels).flatMap { start -> [Int16] in
      let row = input[start..<start + p.channels].map { Int64($0) }
      let maximum = row.max() ?? 0
      let exponentials = row.map { code in
        between(max(requantize(code - maximum, p.by) + 32_767, -32_768), p.exponentials)
      }
      let sum = exponentials.reduce(0, +)
      // sum = (1 + x) · 2^bits
      let bits = Int64.bitWidth - 1 - sum.leadingZeroBitCount
      let ratio = divideTiesUp(sum << 16, powerOfTwo: bits) - 65_536
      let reciprocal = between(min(ratio - 32_768, 32_767), p.reciprocals)
      return exponentials.map {
        Int16(min(max(divideTiesUp($0 * reciprocal, powerOfTwo: bits), 0), 32_767))
      }
    }
  }
}
