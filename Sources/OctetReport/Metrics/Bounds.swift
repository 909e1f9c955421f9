/// The smallest and largest value seen; NaN counts as both infinities.
package struct Bounds: Codable, Sendable, Equatable {
  var lower = Float.infinity
  var upper = -Float.infinity

  @inline(__always)
  mutating func add(_ value: Float) {
    if value < lower { lower = value }
    if value > upper { upper = value }
    if value.isNaN { (lower, upper) = (-.infinity, .infinity) }
  }

  package mutating func add(_ values: UnsafeBufferPointer<Float>) {
    var low = SIMD8<Float>(repeating: lower)
    var high = SIMD8<Float>(repeating: upper)
    var sum = SIMD8<Float>()
    let whole = values.count / 8 * 8
    for start in stride(from: 0, to: whole, by: 8) {
      var lanes = SIMD8<Float>()
      for lane in 0..<8 { lanes[lane] = unsafe values[start + lane] }
      low = pointwiseMin(low, lanes)
      high = pointwiseMax(high, lanes)
      sum += lanes
    }
    (lower, upper) = (low.min(), high.max())
    for index in whole..<values.count { add(unsafe values[index]) }
    if sum.sum().isNaN { (lower, upper) = (-.infinity, .infinity) }
  }

  mutating func merge(_ other: Bounds) {
    lower = min(lower, other.lower)
    upper = max(upper, other.upper)
  }

  var isEmpty: Bool { lower > upper }

  /// 0 and 0 without any values.
  var ends: (lower: Double, upper: Double) { isEmpty ? (0, 0) : (Double(lower), Double(upper)) }

  /// From the smallest to the largest; 0 without any values.
  package var width: Double { isEmpty ? 0 : Double(upper) - Double(lower) }

  /// The range with zero, which every grid holds.
  package var withZero: (lower: Double, upper: Double) {
    isEmpty ? (0, 0) : (min(Double(lower), 0), max(Double(upper), 0))
  }

  /// Writes the ends by their bits, because JSON has no infinity.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode([lower.bitPattern, upper.bitPattern])
  }

  package init() {}

  package init(from decoder: any Decoder) throws {
    let bits = try decoder.singleValueContainer().decode([UInt32].self)
    guard bits.count == 2 else { throw ReportError.invalidSaved(what: "range") }
    (lower, upper) = (Float(bitPattern: bits[0]), Float(bitPattern: bits[1]))
  }
}
