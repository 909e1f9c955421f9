import Foundation
import OctetModel
import OctetReport

// What was done to the integers of weights, while their scales stayed as they were.

extension WeightCauses {
  /// The weights as real numbers, and as codes where channels have scales of their own: integers in
  /// another order have the right scales and nothing else.
  var views: [(own: [Float], given: [Float])] {
    guard !pair.codes.isEmpty, Set(pair.scales).count > 1, pair.scales.allSatisfy({ $0 > 0 }) else {
      return [(pair.own, pair.given)]
    }
    return [(pair.own, pair.given), (pair.codes.map { Float($0) }, givenCodes)]
  }

  /// The reference's weights in steps of the candidate's scales, not rounded.
  private var givenCodes: [Float] {
    pair.given.indices.map {
      pair.given[$0] / pair.scales[pair.scales.count == 1 ? 0 : pair.channel(of: $0)]
    }
  }

  func recoded(_ base: Double) -> Finding? {
    let swapped = pair.given.map { Float(bitPattern: $0.bitPattern.byteSwapped) }
    let enoughOfReals = max(Self.explained, base + Self.better)
    if swapped.allSatisfy(\.isFinite), pair.decibels(swapped) > enoughOfReals {
      return finding(.weightByteOrder, "the bytes of its weights stand in reverse order")
    }
    guard !pair.codes.isEmpty, !pair.scales.isEmpty, pair.scales.allSatisfy({ $0 > 0 }) else {
      return nil
    }
    let given = givenCodes
    let codes = pair.codes.map { Float($0) }
    let enough = max(Self.explained, pair.decibels(codes, given) + Self.better)
    func own(_ code: (Int8) -> Int8) -> [Float] { pair.codes.map { Float(code($0)) } }
    if pair.decibels(own { $0 ^ -128 }, given) > enough {
      return finding(
        .weightCodesUnsigned,
        "its weight codes are off by 128: as unsigned codes they are the reference's")
    }
    let turned = own { $0 << 4 | Int8(bitPattern: UInt8(bitPattern: $0) >> 4) }
    if pair.decibels(turned, given) > enough {
      return finding(.halvesExchanged, "the two halves of each weight's byte are exchanged")
    }
    if pair.decibels(codes, given.map(abs)) > enough {
      return finding(
        .signsLost, "its weights are the reference's without their signs: none is negative")
    }
    // Next to the last code rounding decides on which side a weight lies.
    let wrapped = zip(codes, given).map { code, weight in
      weight + 256 * ((code - weight) / 256).rounded()
    }
    if pair.decibels(codes, wrapped) > enough {
      let count = given.count { abs($0) > 128 }
      return finding(
        .weightsWrapped,
        "\(count) of its weights lie beyond the last code and are wrapped around to the other "
          + "side")
    }
    return nil
  }

  /// Weights cut off at the largest code that there is, perhaps at another size.
  func clipped(_ base: Double) -> Finding? {
    guard !pair.codes.isEmpty, !pair.scales.isEmpty, pair.scales.allSatisfy({ $0 > 0 }),
      let last = pair.codes.map({ abs(Int($0)) }).max(), last > 0
    else { return nil }
    let full = pair.codes.count { abs(Int($0)) >= last - 1 }
    guard Double(full) > 0.05 * Double(pair.codes.count) else { return nil }
    let percent = 100 * Double(full) / Double(pair.codes.count)
    let share = "\(percent.short) % of them stand at the last "
    if explainsClipping(base) {
      return finding(
        .weightsClipped,
        "its weights are clipped: " + share + (last >= 127 ? "code" : "code, \(last)"),
        severity: 130)
    }
    let (codes, given) = (pair.codes.map { Float($0) }, givenCodes)
    for factor in [2, 4, 8, 16] as [Float] {
      let cut = given.map { max(-Float(last), min(Float(last), factor * $0)) }
      if pair.decibels(codes, cut) > max(Self.explained, base + Self.better) {
        return finding(
          .weightsScaled,
          "its weights are \(Double(factor).short) times the reference's, and " + share + "code",
          severity: 130)
      }
    }
    return nil
  }

  /// Codes that fill the range of each channel, and one scale for all of them.
  func lostScales() -> Finding? {
    guard own.count > 2, pair.lost.isEmpty, !pair.codes.isEmpty, Set(pair.scales).count == 1 else {
      return nil
    }
    var largest = [Int](repeating: 0, count: own.count)
    for (position, code) in pair.codes.enumerated() {
      let channel = pair.channel(of: position)
      largest[channel] = max(largest[channel], abs(Int(code)))
    }
    let sizes = (0..<own.count).compactMap { gains[$0] }.filter { $0 > 0 }
    let straight = cosines.count { $0 ?? 0 > 0.97 }
    guard sizes.count == own.count, straight * 10 >= own.count * 9,
      largest.count(where: { $0 >= 120 }) * 10 >= own.count * 9,
      let least = sizes.min(), let most = sizes.max(),
      most > 1.06 * least || fitsLargest(sizes)
    else { return nil }
    return finding(
      .scalesLost,
      "the codes of each channel fill all eight bits, and one scale serves all of them: its "
        + "channels are \(least.short) to \(most.short) times the reference's")
  }

  /// Whether sizes that hardly differ are those of channels whose largest weight had the last code.
  private func fitsLargest(_ sizes: [Double]) -> Bool {
    guard let scale = pair.scales.first else { return false }
    let (now, rest) = sizes.indices.reduce(into: (0.0, 0.0)) { sums, channel in
      let (lower, upper) = given.range(channel)
      let right = Double(max(abs(lower), abs(upper))) / 127
      let own = log(sizes[channel])
      let left = log(sizes[channel] * right / Double(scale))
      sums.0 += own * own
      sums.1 += left * left
    }
    return now > 1.6e-5 * Double(sizes.count) && rest * 25 < now
  }

  /// All codes off by a few.
  func codeShift() -> Finding? {
    guard pair.codes.count >= 8 else { return nil }
    var (sum, square) = (0.0, 0.0)
    var counted = 0.0
    for position in pair.codes.indices where abs(Int(pair.codes[position])) < 127 {
      let scale = pair.scales[pair.scales.count == 1 ? 0 : pair.channel(of: position)]
      guard scale > 0 else { continue }
      let off = Double(pair.own[position] - pair.given[position]) / Double(scale)
      sum += off
      square += off * off
      counted += 1
    }
    let mean = sum / max(counted, 1)
    let rest = (square / max(counted, 1) - mean * mean).squareRoot()
    // Rounding leaves an error of less than half a step, and none of one sign.
    guard abs(mean) > 0.7, rest < 0.6, abs(mean - mean.rounded()) < 0.3 else { return nil }
    return finding(
      .weightZeroPoint,
      "all its weight codes are off by \(mean.rounded().short): their zero point is not taken off "
        + "as it was put on", severity: Self.severity - 10)
  }
}
