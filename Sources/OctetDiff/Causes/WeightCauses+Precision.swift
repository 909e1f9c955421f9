import Foundation
import OctetModel
import OctetReport

extension WeightCauses {
  /// Weights that are right, but coarser than the bits that they have allow a channel.
  func precision(_ base: Double) -> [Finding] {
    guard !pair.codes.isEmpty, pair.scales.allSatisfy({ $0 > 0 }), !pair.scales.isEmpty else {
      return []
    }
    var divisor = 0
    for code in pair.codes { divisor = Self.greatestDivisor(divisor, abs(Int(code))) }
    let levels = Set(pair.codes).count
    if !pair.isNarrow, pair.codes.count >= 64, divisor >= 4 || levels <= 31 {
      let bits = Int(log2(Double(levels)).rounded(.up))
      return [
        finding(
          .fewBits,
          "its weights take only \(levels) of 256 codes"
            + (divisor > 1 ? ", all multiples of \(divisor)" : "") + ": they have \(bits) bits",
          severity: 100 - base, isDefinite: base < 22)
      ]
    }
    return perTensor(base)
  }

  private static func greatestDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestDivisor(b, a % b)
  }

  private func perTensor(_ base: Double) -> [Finding] {
    guard own.count > 2, Set(pair.scales).count == 1, let scale = pair.scales.first else {
      return []
    }
    let widths = (0..<own.count).map { channel -> Double in
      let (lower, upper) = given.range(channel)
      return Double(max(abs(lower), abs(upper)))
    }
    // The noise of rounding is a twelfth of the squared step.
    let most = pair.isNarrow ? 7.0 : 127.0
    let narrow = widths.reduce(0) { $0 + ($1 / most) * ($1 / most) } / Double(own.count)
    let gained = 10 * log10(Double(scale) * Double(scale) / max(narrow, 1e-30))
    guard gained > 3 else { return [] }
    let ratio = (widths.max() ?? 0) / max(widths.median ?? 1, 1e-30)
    return [
      finding(
        .perTensorScale,
        "one weight scale serves all its \(own.count) channels, the largest of which is "
          + "\(ratio.short) times the median; a scale a channel gains \(gained.short) dB",
        severity: 60 + gained,
        isDefinite: gained > 10 && base < 30)
    ]
  }
}
