import Foundation
import OctetReport
import Testing

@Suite struct ExactSumTests {
  private static let tiny = Double.leastNonzeroMagnitude

  private static func sum(_ values: some Sequence<Double>) -> ExactSum {
    var sum = ExactSum()
    for value in values { sum.add(value) }
    return sum
  }

  @Test(
    arguments: [
      ([], 0), ([1.5, 2.25], 3.75), ([1e308, 1, -1e308], 1), ([0.1, 0.2, -0.3], 0x1p-55),
      ([tiny, tiny], 0x1p-1073), ([-tiny], -tiny),
      ([.greatestFiniteMagnitude, .greatestFiniteMagnitude], .infinity),
      (
        [.greatestFiniteMagnitude, .greatestFiniteMagnitude, -.greatestFiniteMagnitude],
        .greatestFiniteMagnitude
      ),
      // Halfway between 1 and the next Double: to even; a sticky bit far below decides otherwise.
      ([1, 0x1p-53], 1), ([1, 0x1p-53, tiny], 1 + .ulpOfOne), ([1, 0x1.8p-52], 1 + 0x1p-51),
      ([.infinity, 1], .infinity), ([-.infinity, 1], -.infinity),
    ] as [([Double], Double)])
  func roundsOnce(values: [Double], expected: Double) {
    #expect(Self.sum(values).value == expected)
    #expect(Self.sum(values.map { -$0 }).value == -expected)
    #expect(Self.sum(values.reversed()) == Self.sum(values))
  }

  @Test func notANumber() {
    #expect(Self.sum([.nan, 1]).value.isNaN)
    #expect(Self.sum([.infinity, -.infinity]).value.isNaN)
  }

  @Test func everyPowerOfTwoComesBack() {
    for exponent in -1074...1023 {
      let value = Double(sign: .plus, exponent: exponent, significand: 1)
      #expect(Self.sum([value]).value == value)
      #expect(Self.sum([value, -value]) == ExactSum() && Self.sum([-value]).value == -value)
    }
  }

  @Test func orderAndShardsDoNotMatter() throws {
    let seed = UInt64.random(in: 0 ... .max)
    var generator = SplitMix(state: seed)
    let values = (0..<2000).map { _ in
      Double(
        sign: generator.next() & 1 == 0 ? .plus : .minus,
        exponent: Int(generator.next() % 600) - 300,
        significand: 1 + Double(generator.next() >> 12) * 0x1p-52)
    }
    let whole = Self.sum(values)
    var merged = ExactSum()
    for shard in (0..<7).reversed() {
      let part = Self.sum(stride(from: shard, to: values.count, by: 7).map { values[$0] })
      let saved = try JSONEncoder().encode(part)
      merged.merge(try JSONDecoder().decode(ExactSum.self, from: saved))
    }
    #expect(merged == whole, "seed \(seed)")
    #expect(merged.value == whole.value, "seed \(seed)")
    // What is left after taking everything away again is nothing at all.
    merged.merge(Self.sum(values.shuffled(using: &generator).map { -$0 }))
    #expect(merged == ExactSum(), "seed \(seed)")
  }

  @Test(arguments: [
    #"{"firstLimb":-1,"limbs":[],"nonFiniteCounts":[0,0,0]}"#,
    #"{"firstLimb":68,"limbs":[1],"nonFiniteCounts":[0,0,0]}"#,
    #"{"firstLimb":9223372036854775807,"limbs":[1],"nonFiniteCounts":[0,0,0]}"#,
    #"{"firstLimb":0,"limbs":[-9223372036854775808],"nonFiniteCounts":[0,0,0]}"#,
    #"{"firstLimb":0,"limbs":[],"nonFiniteCounts":[0,0]}"#,
    #"{"firstLimb":0,"limbs":[],"nonFiniteCounts":[0,0,-1]}"#,
  ])
  func damagedSaves(json: String) {
    #expect(throws: ReportError.invalidSaved(what: "sum")) {
      try JSONDecoder().decode(ExactSum.self, from: Data(json.utf8))
    }
  }
}

/// Steele, Lea, Flood, "Fast Splittable Pseudorandom Number Generators", OOPSLA 2014.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
