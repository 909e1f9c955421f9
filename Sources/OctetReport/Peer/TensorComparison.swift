/// Two tensors of one shape, of which the second should be the first.
package struct TensorComparison {
  /// The shape of one sample; samples stand end to end.
  package var shape: [Int]
  /// Octet's values, in real numbers.
  package var expected: [Float]
  /// The other's: fewer where some are missing.
  package var actual: [Float]
  /// The scale and the zero point of Octet's codes; nil in a float model.
  package var codes: (scale: Float, zeroPoint: Int)?
  /// Values that are closer are the same.
  package var tolerance: Float
  /// Whether every byte must be the same: one wrong bit is then no rounding.
  package var isExact: Bool

  package init(
    shape: [Int], expected: [Float], actual: [Float], codes: (scale: Float, zeroPoint: Int)?,
    tolerance: Float, isExact: Bool = false
  ) {
    self.shape = shape
    self.expected = expected
    self.actual = actual
    self.codes = codes
    self.tolerance = tolerance
    self.isExact = isExact
  }

  /// Two tensors of codes in the same scale.
  package init(shape: [Int], expected: [Int8], actual: [Int8], scale: Float, zeroPoint: Int) {
    let real = { (code: Int8) in scale * Float(Int(code) - zeroPoint) }
    self.init(
      shape: shape, expected: expected.map(real), actual: actual.map(real),
      codes: (scale, zeroPoint), tolerance: scale * 0.01, isExact: true)
  }

  /// The share of the values that a pattern must explain: a few may be anything beside it.
  private static let explainedShare = 0.98
  /// A real number is rounded within this part of the largest.
  private static let roundingPart: Float = 1e-3

  /// Nil where all values are the same.
  package func difference() -> TensorDifference? {
    let shared = min(expected.count, actual.count)
    var different = (0..<shared).filter { !isSame(expected[$0], actual[$0]) }
    different += shared..<expected.count
    guard let first = different.first else { return nil }
    let sampleCount = max(shape.reduce(1, *), 1)
    let sample = first / sampleCount
    let inSample = different.prefix { $0 / sampleCount == sample }
    var largest: Float = 0
    for index in different where index < shared {
      let error = abs(actual[index] - expected[index])
      if error.isFinite { largest = max(largest, error) }
    }
    let found = index(first, isIn: actual) ? actual[first] : .nan
    let (pattern, detail) = pattern(different, largest: largest)
    return TensorDifference(
      elementCount: expected.count, differingCount: different.count, sample: sample,
      firstElement: first % sampleCount, lastElement: (inSample.last ?? first) % sampleCount,
      position: position(first % sampleCount), expected: Double(expected[first]),
      actual: found.isFinite ? Double(found) : nil, expectedCode: code(expected[first]),
      actualCode: found.isFinite ? code(found) : nil, maxAbsError: Double(largest),
      maxSteps: codes.map { (Double(largest / $0.scale) * 1000).rounded() / 1000 },
      pattern: pattern, detail: detail)
  }

  private func index(_ index: Int, isIn values: [Float]) -> Bool { values.indices.contains(index) }

  private func isSame(_ a: Float, _ b: Float) -> Bool {
    a == b || abs(a - b) <= tolerance || (a.isNaN && b.isNaN)
  }

  private func code(_ value: Float) -> Int? {
    codes.flatMap {
      Int(exactly: (value / $0.scale).rounded()).map { [codes] in $0 + codes!.zeroPoint }
    }
  }

  private func position(_ element: Int) -> [Int] {
    var rest = element
    var result: [Int] = []
    for extent in shape.reversed() {
      result.append(rest % max(extent, 1))
      rest /= max(extent, 1)
    }
    return result.reversed()
  }

  // MARK: Patterns

  private func pattern(
    _ different: [Int], largest: Float
  ) -> (TensorDifference.Pattern, String) {
    if actual.count < expected.count {
      return (.missing, "\(actual.count) of \(expected.count) values are there")
    }
    let strange = different.count { !actual[$0].isFinite && expected[$0].isFinite }
    if strange > 0 { return (.notANumber, "\(strange) values") }
    if isExact, let flip = bitFlip(different) { return flip }
    if let shift = shift() { return shift }
    let largestValue = expected.reduce(0) { max($0, abs($1)) }
    if largest <= oneStep(largestValue) { return (.rounding, "") }
    if let flip = bitFlip(different) { return flip }
    if let cut = saturation(different) { return cut }
    if let moved = permutation(different) { return moved }
    if let scale = scale() { return scale }
    return (.garbage, area(different))
  }

  /// What rounding makes of values whose largest is `largestValue`.
  private func oneStep(_ largestValue: Float) -> Float {
    guard let codes, codes.scale > 0 else { return largestValue * Self.roundingPart }
    let step = codes.scale * 1.01
    let areCodes = actual.allSatisfy {
      let steps = $0 / codes.scale
      return abs(steps - steps.rounded()) < 0.02
    }
    // Beside real numbers codes finer than eight bits show the rounding of the weights, which have
    // eight.
    return isExact || areCodes ? step : max(step, largestValue / 256)
  }

  private func bitFlip(_ different: [Int]) -> (TensorDifference.Pattern, String)? {
    guard different.count == 1, let a = code(expected[different[0]]),
      let b = code(actual[different[0]])
    else { return nil }
    // Of codes beyond int8 sixteen bits.
    let isWide = max(a, b) > 127 || min(a, b) < -128
    let bits = (a ^ b) & (isWide ? 0xFFFF : 0xFF)
    return bits.nonzeroBitCount == 1 ? (.bitFlip, "bit \(bits.trailingZeroBitCount)") : nil
  }

  /// Elements that are not at the ends of what either tensor reaches, where values may be cut off.
  private var free: [Int] {
    let ends = [expected, actual].flatMap { [$0.min(), $0.max()] }
    guard let a = ends[0], let b = ends[1], let c = ends[2], let d = ends[3] else { return [] }
    let inside = expected.indices.filter {
      expected[$0] > a && expected[$0] < b && actual[$0] > c && actual[$0] < d
    }
    // Of tensors with few values nothing may be left.
    return inside.count >= 4 ? inside : Array(expected.indices)
  }

  private func isExplained(_ count: Int, of all: Int) -> Bool {
    Double(count) >= Self.explainedShare * Double(all)
  }

  private func shift() -> (TensorDifference.Pattern, String)? {
    let free = free
    guard free.count >= 4 else { return nil }
    let offsets = free.map { actual[$0] - expected[$0] }.sorted()
    let offset = offsets[offsets.count / 2]
    let slack = max(tolerance, (codes?.scale ?? 0) * 0.01)
    guard abs(offset) > slack,
      isExplained(offsets.count { abs($0 - offset) <= slack }, of: offsets.count)
    else { return nil }
    let steps = codes.map { Double(offset / $0.scale) }
    return (
      .shift,
      steps.map { "by \($0.formatted(digits: 0)) steps" }
        ?? "by \(Double(offset).formatted(digits: 6))"
    )
  }

  /// All that differs is at an end of one tensor and beyond it in the other.
  private func saturation(_ different: [Int]) -> (TensorDifference.Pattern, String)? {
    guard different.count >= 2, let lowest = actual.min(), let highest = actual.max(),
      let low = expected.min(), let high = expected.max()
    else { return nil }
    func holds(_ isCut: (Int) -> Bool) -> Bool { different.allSatisfy(isCut) }
    if holds({ actual[$0] == highest && expected[$0] > highest }) {
      return (.saturation, "it is cut off above")
    }
    if holds({ actual[$0] == lowest && expected[$0] < lowest }) {
      return (.saturation, "it is cut off below")
    }
    if holds({
      (actual[$0] == highest && expected[$0] > highest)
        || (actual[$0] == lowest && expected[$0] < lowest)
    }) {
      return (.saturation, "it is cut off on both sides")
    }
    if holds({ expected[$0] == low && actual[$0] < low }) {
      return (.saturation, "it is not cut off below, as by a missing activation")
    }
    if holds({ expected[$0] == high && actual[$0] > high }) {
      return (.saturation, "it is not cut off above")
    }
    return nil
  }

  private func scale() -> (TensorDifference.Pattern, String)? {
    let free = free
    guard free.count >= 8, Set(free.prefix(4096).map { expected[$0] }).count >= 3 else {
      return nil
    }
    let square = free.reduce(0) { $0 + Double(expected[$1]) * Double(expected[$1]) }
    let product = free.reduce(0) { $0 + Double(expected[$1]) * Double(actual[$1]) }
    guard square > 0 else { return nil }
    let factor = Float(product / square)
    guard abs(factor - 1) > 0.005, abs(factor) > 0.001 else { return nil }
    let largest = free.reduce(0) { max($0, abs(actual[$1])) }
    let slack =
      codes.map { $0.scale * (0.51 + 0.51 * abs(factor)) } ?? largest * Self.roundingPart
    // A slack of the values' own size explains anything.
    guard slack < largest / 4,
      isExplained(free.count { abs(actual[$0] - factor * expected[$0]) <= slack }, of: free.count)
    else { return nil }
    return (.scale, "a factor of \(Double(factor).formatted(digits: 4))")
  }

  /// Where the differing values lie: one channel, or one piece.
  private func area(_ different: [Int]) -> String {
    if let channels = shape.last, shape.count >= 3, channels > 1 {
      let found = Set(different.map { $0 % channels })
      if found.count == 1, let channel = found.first { return "all in channel \(channel)" }
    }
    guard different.count > 1, let first = different.first, let last = different.last,
      last - first + 1 == different.count, different.count < expected.count
    else { return "" }
    return "elements \(first) to \(last), in one piece"
  }
}
