import OctetReport
import Testing

/// What a difference looks like, told by a tensor that was changed in just that way.
struct TensorComparisonTests {
  static let shape = [1, 6, 6, 4]
  static let count = 144
  /// Codes without a pattern of their own, from −100 to 99.
  static let codes: [Int8] = (0..<count).map { (index: Int) -> Int8 in
    let number = index * 37 + index * index * 11
    return Int8(number % 200 - 100)
  }

  struct Case: Sendable {
    var name: String
    var codes: [Int8]
    var pattern: TensorDifference.Pattern
    var detail = ""
  }

  static func moved(
    _ name: String, _ detail: String, _ place: (Int) -> Int
  ) -> Case {
    Case(
      name: name, codes: (0..<count).map { codes[place($0)] }, pattern: .permutation,
      detail: detail)
  }

  static func changed(
    _ name: String, _ pattern: TensorDifference.Pattern, _ detail: String = "",
    _ change: (Int, Int8) -> Int8
  ) -> Case {
    var changed = codes
    for index in codes.indices { changed[index] = change(index, codes[index]) }
    return Case(name: name, codes: changed, pattern: pattern, detail: detail)
  }

  static let values: [Case] = [
    changed("rounding", .rounding) { index, code in index % 5 == 0 ? code + 1 : code },
    changed("both ways", .rounding) { index, code in
      if index % 7 == 0 { return code - 1 }
      return index % 7 == 3 ? code + 1 : code
    },
    changed("zero point", .shift, "by 1 steps") { _, code in code + 1 },
    changed("bias", .shift, "by -17 steps") { _, code in code - 17 },
    changed("upper clamp", .saturation, "above") { _, code in min(code, 40) },
    changed("lower clamp", .saturation, "below") { _, code in max(code, -30) },
    changed("both clamps", .saturation, "both") { _, code in max(-60, min(code, 60)) },
    changed("scale", .scale, "0.75") { _, code in
      Int8(((Double(code) + 3) * 0.75).rounded() - 3)
    },
    changed("flipped bit", .bitFlip, "bit 6") { index, code in index == 77 ? code ^ 64 : code },
    changed("garbage", .garbage) { index, code in
      Int8(truncatingIfNeeded: (index * index * 7) ^ (Int(code) * 13))
    },
    changed("one channel", .garbage, "channel 2") { index, code in
      index % 4 == 2 ? Int8(truncatingIfNeeded: index * index * 31) : code
    },
    Case(
      name: "missing", codes: Array(codes.dropLast(4)), pattern: .missing, detail: "140 of 144"),
  ]

  static let places: [Case] = [
    moved("channels first", "channels first") { $0 % 36 * 4 + $0 / 36 },
    moved("channels reversed", "channels reversed") { $0 - $0 % 4 + 3 - $0 % 4 },
    moved("transposed", "exchanged") { (index: Int) -> Int in
      let (row, column) = (index / 24, index % 24 / 4)
      return column * 24 + row * 4 + index % 4
    },
    moved("mirrored", "mirrored") { (index: Int) -> Int in
      let (row, column) = (index / 24, index % 24 / 4)
      return row * 24 + (5 - column) * 4 + index % 4
    },
    moved("upside down", "upside down") { (5 - $0 / 24) * 24 + $0 % 24 },
    moved("lost byte", "1 elements are lost at element 50") {
      $0 < 50 ? $0 : min($0 + 1, 143)
    },
    moved("doubled bytes", "4 elements too many") { $0 < 20 ? $0 : $0 - 4 },
  ]

  static var cases: [Case] { values + places }

  @Test("The kind of a difference is told from the values", arguments: cases.indices)
  func tellsKind(index: Int) throws {
    let kind = Self.cases[index]
    let (name, codes) = (kind.name, kind.codes)
    let real = { (code: Int8) in 0.05 * Float(Int(code) + 3) }
    let comparison = TensorComparison(
      shape: Self.shape, expected: Self.codes.map(real), actual: codes.map(real),
      codes: (0.05, -3), tolerance: 0.0005)
    let difference = try #require(comparison.difference(), "\(name)")
    #expect(difference.pattern == kind.pattern, "\(name): \(difference.text)")
    #expect(
      kind.detail.isEmpty || difference.detail.contains(kind.detail),
      "\(name): \(difference.text)")
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

  @Test("Beside real numbers codes of 16 bits show the rounding of weights, beside codes an error")
  func tellsWeightRounding() throws {
    let scale: Float = 0.001
    let values = (0..<Self.shape.reduce(1, *)).map { scale * Float($0 * 37 % 20_000) }
    func compare(_ actual: [Float]) throws -> TensorDifference.Pattern {
      try #require(
        TensorComparison(
          shape: Self.shape, expected: values, actual: actual, codes: (scale, 0),
          tolerance: scale * 0.01
        ).difference()
      ).pattern
    }
    let off = values.indices.map { Float($0 * 31 % 41 - 20) }
    #expect(try compare(zip(values, off).map { $0 + scale * 1.013 * $1 }) == .rounding)
    #expect(try compare(zip(values, off).map { $0 + scale * $1 }) == .garbage)
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
