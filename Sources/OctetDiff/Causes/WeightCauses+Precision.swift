import Foundation
import OctetModel
import OctetReport

extension WeightCauses {
  /// Weights that are right, but coarser than eight bits a channel allow.
  func precision(_ base: Double) -> [Finding] {
    guard !pair.codes.isEmpty, pair.scales.allSatisfy({ $0 > 0 }), !pair.scales.isEmpty else {
      return []
    }
    return fewLevels(base).map { [$0] } ?? joinedScale().map { [$0] } ?? []
  }

  /// Weights that take only a few codes.
  func fewLevels(_ base: Double) -> Finding? {
    if pair.isFloat { return fewNumbers(base) }
    var isUsed = [Bool](repeating: false, count: 256)
    for code in pair.codes { isUsed[Int(code) + 128] = true }
    let used = isUsed.indices.filter { isUsed[$0] }
    let levels = used.count
    let divisor = used.reduce(0) { Self.greatestDivisor($0, abs($1 - 128)) }
    guard !pair.isNarrow, pair.codes.count >= 64, levels > 1, divisor >= 4 || levels <= 31 else {
      return nil
    }
    let bits = Int(log2(Double(levels)).rounded(.up))
    return finding(
      .fewBits,
      "its weights take only \(levels) of 256 codes"
        + (divisor > 1 ? ", all multiples of \(divisor)" : "") + ": they have \(bits) bits",
      severity: 100 - base, isDefinite: base > 4 && base < 22)
  }

  /// Float weights that were rounded to a few numbers a channel, which the reference's were not.
  private func fewNumbers(_ base: Double) -> Finding? {
    guard base < 30, pair.own.count >= 64 else { return nil }
    var numbers = [Set<Float>](repeating: [], count: own.count)
    for (position, weight) in pair.own.enumerated() {
      numbers[pair.channel(of: position)].insert(weight)
    }
    let size = pair.own.count / own.count
    guard let most = numbers.map(\.count).max(), most <= 17, 2 * most <= size else { return nil }
    let bits = Int(log2(Double(most)).rounded(.up))
    return finding(
      .fewBits, "its weights take only \(most) numbers a channel: they have \(bits) bits",
      severity: 100 - base, isDefinite: base > 4 && base < 22)
  }

  /// Each channel with the scale of the one so many after it: however near to each other the scales
  /// are, the sizes of the channels show it.
  func rotatedScales() -> Finding? {
    let count = pair.scales.count
    guard count >= 6, count == own.count, pair.lost.isEmpty, pair.scales.allSatisfy({ $0 > 0 })
    else { return nil }
    let gains = (0..<count).map { own.gain($0, over: given) ?? 1 }
    guard gains.allSatisfy({ $0 > 0.1 }) else { return nil }
    /// How far the sizes are from right when each scale is taken for that of a channel before it.
    func error(_ shift: Int) -> Double {
      let squares = (0..<count).map { channel -> Double in
        let right = Double(pair.scales[(channel + count - shift) % count])
        let wrong = log(gains[channel] * right / Double(pair.scales[channel]))
        return wrong * wrong
      }
      return (squares.reduce(0, +) / Double(count)).squareRoot()
    }
    let now = error(0)
    guard now > 0.004,
      let best = [1, 2, count - 2, count - 1].min(by: { error($0) < error($1) }),
      error(best) < now / 5
    else { return nil }
    return finding(
      .scalesPermuted,
      "the weight scales of all \(count) channels are rotated by \(min(best, count - best)): so "
        + "its sizes are off by \((100 * now).short) %, and by \((100 * error(best)).short) % when "
        + "they are put back")
  }

  private static func greatestDivisor(_ a: Int, _ b: Int) -> Int {
    b == 0 ? a : greatestDivisor(b, a % b)
  }

  /// The reference's weights at one scale for all channels, which leaves most of them few codes.
  func joinedScale() -> Finding? {
    guard own.count > 2, !pair.codes.isEmpty, Set(pair.scales).count == 1,
      let scale = pair.scales.first, scale > 0
    else { return nil }
    // Where rounding at this scale does not explain them, something else is wrong.
    let far = zip(pair.own, pair.given).count { abs($0 - $1) > 1.05 * scale }
    guard far * 100 <= pair.own.count else { return nil }
    let last = pair.isNarrow ? 7.0 : 127.0
    var squares = [Double](repeating: 0, count: own.count)
    for (position, weight) in pair.given.enumerated() {
      squares[pair.channel(of: position)] += Double(weight) * Double(weight)
    }
    // The noise of rounding is a twelfth of the squared step.
    let size = Double(pair.given.count) / Double(own.count)
    let noise = size * Double(scale) * Double(scale) / 12
    let decibels = squares.map { 10 * log10(max($0, 1e-30) / noise) }
    let widths = (0..<own.count).map { channel -> Double in
      let (lower, upper) = given.range(channel)
      return Double(max(abs(lower), abs(upper)))
    }
    let gains = widths.map { 20 * log10(Double(scale) * last / max($0, 1e-30)) }
    guard let gained = gains.median, let left = decibels.median, gained > 3 else { return nil }
    let ratio = (widths.max() ?? 0) / max(widths.median ?? 1, 1e-30)
    // More than four of eight bits are lost, and fewer than four are left. Dense layers with one
    // scale and channels that hardly count lose 20 dB, and nothing.
    return finding(
      .perTensorScale,
      "one weight scale serves all its \(own.count) channels, the largest of which is "
        + "\(ratio.short) times the median; a scale a channel gains \(gained.short) dB",
      severity: 60 + gained, isDefinite: gained > 26 && left < 24)
  }
}

extension [Double] {
  var median: Double? { isEmpty ? nil : sorted()[count / 2] }
}
