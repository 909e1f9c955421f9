import Foundation

/// How far one tensor of the quantized model is from the same tensor of the reference, over any
/// number of samples.
///
/// | Figure | Definition (r reference, t quantized, e = r − t, over all elements) |
/// |---|---|
/// | `sqnrDecibels` | 10 · log10(Σr² / Σe²) |
/// | `rmse` | √(Σe² / n) |
/// | `rmseOverScale` | `rmse` / scale; 1/√12 ≈ 0.2887 when rounding is the only error |
/// | `cosine` | Σrt / √(Σr² · Σt²) |
/// | `maxAbsError` | max \|e\| |
/// | `clippedShare` | share of r more than half a step outside what the codes reach |
///
/// Sources: signal-to-quantization-noise ratio and the 1/√12 of uniform rounding: Bennett,
/// "Spectra of Quantized Signals", Bell System Technical Journal 27, 1948.
///
/// A sample is summed in a fixed order in `Double`; the samples' sums are added exactly. So the
/// figures depend only on the set of samples, not on their order, threads or shards.
package struct SignalError: Sendable, Equatable {
  package private(set) var elementCount = 0
  package private(set) var clippedCount = 0
  package private(set) var maxAbsError = 0.0
  private var reference = ExactSum()
  private var quantized = ExactSum()
  private var product = ExactSum()
  private var noise = ExactSum()

  package init() {}

  /// Adds one sample of a quantized tensor, `real = scale · (q − zeroPoint)`.
  ///
  /// - Parameters:
  ///   - reference: the elements in the reference, in any order that `codes` shares.
  ///   - codes: as many.
  ///   - scale: above 0.
  package mutating func add(
    reference: Span<Float>, codes: Span<Int8>, scale: Float, zeroPoint: Int32
  ) {
    add(reference, codes, step: Double(scale), zero: Double(zeroPoint))
  }

  /// Adds one sample of a tensor of int16, `real = scale · q`.
  package mutating func add(reference: Span<Float>, codes: Span<Int16>, scale: Float) {
    add(reference, codes, step: Double(scale), zero: 0)
  }

  @inline(__always)
  private mutating func add<Code: FixedWidthInteger>(
    _ reference: Span<Float>, _ codes: Span<Code>, step: Double, zero: Double
  ) {
    precondition(reference.count == codes.count, "a sample's elements must correspond")
    let highest = SIMD4(repeating: (Double(Code.max) - zero + 0.5) * step)
    let lowest = SIMD4(repeating: (Double(Code.min) - zero - 0.5) * step)
    var sums = SampleSums()
    // Wraps only beyond 2^63 elements.
    var clipped = SIMD4<Int64>()
    for start in stride(from: 0, to: codes.count, by: 4) {
      var real = SIMD4<Double>()
      var code = SIMD4(repeating: zero)
      for lane in 0..<min(4, codes.count - start) {
        real[lane] = Double(reference[start + lane])
        code[lane] = Double(codes[start + lane])
      }
      // A real number is the nearest float to what a code stands for, as everywhere else.
      sums.add(real, SIMD4<Double>(SIMD4<Float>((code - zero) * step)))
      let isClipped = (real .> highest) .| (real .< lowest)
      clipped.replace(with: clipped &+ 1, where: isClipped)
    }
    clippedCount += Int(clipped.wrappedSum())
    add(sums, count: codes.count)
  }

  /// Adds one sample of two real-valued tensors.
  package mutating func add(reference: Span<Float>, other: Span<Float>) {
    precondition(reference.count == other.count, "a sample's elements must correspond")
    var sums = SampleSums()
    for start in stride(from: 0, to: other.count, by: 4) {
      var (a, b) = (SIMD4<Double>(), SIMD4<Double>())
      for lane in 0..<min(4, other.count - start) {
        a[lane] = Double(reference[start + lane])
        b[lane] = Double(other[start + lane])
      }
      sums.add(a, b)
    }
    add(sums, count: other.count)
  }

  /// Adds the samples of another shard.
  package mutating func merge(_ other: SignalError) {
    elementCount += other.elementCount
    clippedCount += other.clippedCount
    maxAbsError = Self.larger(maxAbsError, other.maxAbsError)
    reference.merge(other.reference)
    quantized.merge(other.quantized)
    product.merge(other.product)
    noise.merge(other.noise)
  }

  /// The signal over the error in dB; +∞ without any error, −∞ when the reference is all zero and
  /// the other is not.
  package var sqnrDecibels: Double { reference.decibels(over: noise) }

  package var rmse: Double {
    elementCount == 0 ? 0 : (noise.value / Double(elementCount)).squareRoot()
  }

  /// - Parameter scale: of the quantized tensor, above 0.
  package func rmseOverScale(_ scale: Float) -> Double { rmse / Double(scale) }

  /// The cosine between the two, −1 to 1; 1 when both are all zero, 0 when one is.
  package var cosine: Double {
    let (a, b) = (reference.value, quantized.value)
    if a == 0 || b == 0 { return a == b ? 1 : 0 }
    return product.value / (a.squareRoot() * b.squareRoot())
  }

  package var clippedShare: Double {
    elementCount == 0 ? 0 : Double(clippedCount) / Double(elementCount)
  }

  private mutating func add(_ sums: SampleSums, count: Int) {
    let noise = sums.noise.sum()
    elementCount += count
    // SIMD's maximum passes over NaN; the sum does not.
    let sampleMax = noise.isNaN ? .nan : sums.maxAbsError.max()
    maxAbsError = Self.larger(maxAbsError, sampleMax)
    self.noise.add(noise)
    reference.add(sums.reference.sum())
    quantized.add(sums.quantized.sum())
    product.add(sums.product.sum())
  }

  /// NaN wins, in either order.
  private static func larger(_ a: Double, _ b: Double) -> Double {
    a.isNaN || b.isNaN ? .nan : max(a, b)
  }

  /// Four lanes in step, so that additions do not wait for each other. The order is fixed: lane
  /// `i` sums the elements `i`, `i + 4`, …; lanes beyond the end hold zeros, which add nothing.
  private struct SampleSums {
    var reference = SIMD4<Double>()
    var quantized = SIMD4<Double>()
    var product = SIMD4<Double>()
    var noise = SIMD4<Double>()
    var maxAbsError = SIMD4<Double>()

    @inline(__always)
    mutating func add(_ r: SIMD4<Double>, _ t: SIMD4<Double>) {
      let error = r - t
      reference += r * r
      quantized += t * t
      product += r * t
      noise += error * error
      let size = error.replacing(with: -error, where: error .< 0)
      maxAbsError.replace(with: size, where: size .> maxAbsError)
    }
  }
}

extension SignalError: Codable {
  private enum CodingKeys: String, CodingKey {
    case elementCount, clippedCount, maxAbsErrorBits, reference, quantized, product, noise
  }

  /// The maximum goes by its bits, because JSON has no infinity.
  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(elementCount, forKey: .elementCount)
    try container.encode(clippedCount, forKey: .clippedCount)
    try container.encode(maxAbsError.bitPattern, forKey: .maxAbsErrorBits)
    try container.encode(reference, forKey: .reference)
    try container.encode(quantized, forKey: .quantized)
    try container.encode(product, forKey: .product)
    try container.encode(noise, forKey: .noise)
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    elementCount = try container.decode(Int.self, forKey: .elementCount)
    clippedCount = try container.decode(Int.self, forKey: .clippedCount)
    maxAbsError = Double(
      bitPattern: try container.decode(UInt64.self, forKey: .maxAbsErrorBits))
    reference = try container.decode(ExactSum.self, forKey: .reference)
    quantized = try container.decode(ExactSum.self, forKey: .quantized)
    product = try container.decode(ExactSum.self, forKey: .product)
    noise = try container.decode(ExactSum.self, forKey: .noise)
    guard (0...SavedCount.max).contains(elementCount),
      (0...elementCount).contains(clippedCount), !(maxAbsError < 0)
    else { throw ReportError.invalidSaved(what: "layer error") }
  }
}
