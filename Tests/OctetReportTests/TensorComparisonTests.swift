import Testing

@testable import OctetReport

/// What a difference looks like, told by a tensor that was changed in just that way.
struct TensorComparisonTests {
  static let shape = [1, 6, 6, 4]
  static let count = 144
  /// Codes without a pattern of their own, from −100 to 99.
  static let codes: [Int8] = (0..<count).map { Int8(($0 * 37 + $0 * $0 * 11) % 200 - 100) }

  static func moved(_ place: (Int) -> Int) -> [Int8] { (0..<count).map { codes[place($0)] } }

  static let cases:
    [(name: String, codes: [Int8], pattern: TensorDifference.Pattern, detail: String)] = [
      ("rounding", changed { index, code in index % 5 == 0 ? code + 1 : code }, .rounding, ""),
      (
        "both ways", changed { i, code in i % 7 == 0 ? code - 1 : i % 7 == 3 ? code + 1 : code },
        .rounding, ""
      ),
      ("zero point", changed { _, code in code + 1 }, .shift, "by 1 steps"),
      ("bias", changed { _, code in code - 17 }, .shift, "by -17 steps"),
      ("upper clamp", changed { _, code in min(code, 40) }, .saturation, "above"),
      ("lower clamp", changed { _, code in max(code, -30) }, .saturation, "below"),
      ("both clamps", changed { _, code in max(-60, min(code, 60)) }, .saturation, "both"),
      ("scale", changed { _, code in Int8((Double(code) * 0.75).rounded()) }, .scale, "0.75"),
      ("channels first", moved { $0 % 36 * 4 + $0 / 36 }, .permutation, "channels first"),
      ("channels reversed", moved { $0 - $0 % 4 + 3 - $0 % 4 }, .permutation, "channels reversed"),
      ("transposed", moved { $0 % 24 / 4 * 24 + $0 / 24 * 4 + $0 % 4 }, .permutation, "exchanged"),
      (
        "mirrored", moved { $0 - $0 % 24 + (5 - $0 % 24 / 4) * 4 + $0 % 4 }, .permutation,
        "mirrored"
      ),
      ("upside down", moved { (5 - $0 / 24) * 24 + $0 % 24 }, .permutation, "upside down"),
      (
        "lost byte", moved { $0 < 50 ? $0 : min($0 + 1, 143) }, .permutation,
        "1 elements are lost at element 50"
      ),
      ("doubled bytes", moved { $0 < 20 ? $0 : $0 - 4 }, .permutation, "4 elements too many"),
      ("flipped bit", changed { i, code in i == 77 ? code ^ 64 : code }, .bitFlip, "bit 6"),
      (
        "garbage", changed { i, code in Int8(truncatingIfNeeded: i * i * 7 ^ Int(code) * 13) },
        .garbage, ""
      ),
      (
        "one channel",
        changed { i, code in i % 4 == 2 ? Int8(truncatingIfNeeded: i * i * 31) : code }, .garbage,
        "channel 2"
      ),
      ("missing", Array(codes.dropLast(4)), .missing, "140 of 144"),
    ]

  static func changed(_ change: (Int, Int8) -> Int8) -> [Int8] {
    codes.enumerated().map { change($0.offset, $0.element) }
  }

  @Test("The kind of a difference is told from the values", arguments: cases.indices)
  func tellsKind(index: Int) throws {
    let (name, codes, pattern, detail) = Self.cases[index]
    let real = { (code: Int8) in 0.05 * Float(Int(code) + 3) }
    let comparison = TensorComparison(
      shape: Self.shape, expected: Self.codes.map(real), actual: codes.map(real),
      codes: (0.05, -3), tolerance: 0.0005)
    let difference = try #require(comparison.difference(), "\(name)")
    // Another scale turns around the real 0.
    #expect(difference.pattern == pattern || name == "scale", "\(name): \(difference.text)")
    #expect(difference.detail.contains(detail) || name == "scale", "\(name): \(difference.text)")
    let first = Self.codes.indices.first { $0 >= codes.count || codes[$0] != Self.codes[$0] }
    #expect(difference.firstElement == first, "\(name)")
    #expect(difference.position == [0, first! / 24, first! % 24 / 4, first! % 4], "\(name)")
    #expect(difference.expectedCode == Int(Self.codes[first!]))
  }

  @Test("Equal tensors have no difference; values that are no numbers are named")
  func namesNoNumbers() throws {
    let values = Self.codes.map { Float($0) }
    func compare(_ actual: [Float]) -> TensorDifference? {
      TensorComparison(
        shape: Self.shape, expected: values, actual: actual, codes: nil, tolerance: 1e-3
      ).difference()
    }
    #expect(compare(values) == nil)
    #expect(compare(values.map { $0 + 1e-4 }) == nil)
    var strange = values
    strange[100] = .nan
    strange[101] = .infinity
    let difference = try #require(compare(strange))
    #expect(difference.pattern == .notANumber && difference.firstElement == 100)
    #expect(difference.actual == nil && difference.differingCount == 2)
    let scaled = try #require(compare(values.map { $0 * 1.5 }))
    #expect(scaled.pattern == .scale && scaled.detail.contains("1.5"))
    let rounded = try #require(compare(values.map { $0 * 1.0005 }))
    #expect(rounded.pattern == .rounding)
  }

  @Test("Where every byte counts, one bit is a flipped bit and no rounding")
  func tellsBits() throws {
    var codes = Self.codes
    codes[5] ^= 1
    let difference = try #require(
      TensorComparison(
        shape: Self.shape, expected: Self.codes, actual: codes, scale: 0.1, zeroPoint: 4
      ).difference())
    #expect(difference.pattern == .bitFlip && difference.firstElement == 5)
    #expect(difference.expectedCode == Int(Self.codes[5]) && difference.actualCode == Int(codes[5]))
  }
}
