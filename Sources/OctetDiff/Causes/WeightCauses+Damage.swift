import Foundation
import OctetModel
import OctetReport

extension WeightCauses {
  /// Whether all channels are the reference's, but for less than a step or for what a scale clips:
  /// of four bits that may be much.
  var isRounding: Bool {
    guard !pair.codes.isEmpty, !pair.scales.isEmpty, pair.isNarrow else { return false }
    var far = [Int](repeating: 0, count: own.count)
    for position in pair.own.indices {
      let channel = pair.channel(of: position)
      let scale = pair.scales[pair.scales.count == 1 ? 0 : channel]
      let (own, given) = (pair.own[position], pair.given[position])
      let isClipped =
        abs(Int(pair.codes[position])) >= 7 && own * given > 0 && abs(given) > abs(own)
      if abs(own - given) > 1.05 * scale, !isClipped { far[channel] += 1 }
    }
    let size = pair.own.count / own.count
    return far.allSatisfy { 10 * $0 <= size }
  }

  /// A few weights that are far off where all others are the reference's.
  func corrupted() -> Finding? {
    let off = zip(pair.own, pair.given).map { Double(abs($0 - $1)) }
    let kept = off.indices.filter { !pair.lost.contains(pair.channel(of: $0)) }
    guard kept.count >= 16 else { return nil }
    let size = (0..<own.count).map { channel -> Double in
      let (lower, upper) = given.range(channel)
      return Double(max(abs(lower), abs(upper)))
    }
    let largest = size.max() ?? 0
    func tolerance(_ position: Int) -> Double {
      let channel = pair.channel(of: position)
      guard !pair.scales.isEmpty else { return max(size[channel], 1e-3 * largest) / 8 }
      return 16 * Double(pair.scales[pair.scales.count == 1 ? 0 : channel])
    }
    // Weights that a scale clips stand at the last code, on their own side.
    let far = kept.filter { position in
      guard off[position] > tolerance(position) else { return false }
      let isClipped =
        !pair.codes.isEmpty && abs(Int(pair.codes[position])) >= 127
        && pair.own[position] * pair.given[position] > 0
        && abs(pair.given[position]) > abs(pair.own[position])
      return !isClipped
    }
    guard !far.isEmpty, far.count * 20 <= kept.count else { return nil }
    let near = kept.filter { off[$0] <= tolerance($0) / 16 }
    guard near.count * 20 >= kept.count * 17, let first = far.first else { return nil }
    // All of a channel's weights, or of its inputs', are another matter.
    let inner = off.count / own.count
    let channels = Dictionary(grouping: far) { pair.channel(of: $0) }
    guard inner >= 4, channels.values.allSatisfy({ $0.count * 2 <= inner }) else { return nil }
    return finding(
      .weightsCorrupted,
      "\(far.count) of its \(off.count) weights \(far.count == 1 ? "is" : "are") far off and the "
        + "others right: number \(first), of channel \(pair.channel(of: first)), is "
        + "\(Double(pair.own[first]).short) where the reference has "
        + "\(Double(pair.given[first]).short)",
      channel: channels.count == 1 ? pair.channel(of: first) : nil, severity: 110)
  }

  /// Whether the reference's weights, cut off where the candidate's codes end, are its weights.
  func explainsClipping(_ base: Double) -> Bool {
    let clipped = pair.given.indices.map { position in
      let channel = pair.channel(of: position)
      let (lower, upper) = own.range(channel)
      return max(lower, min(upper, pair.given[position]))
    }
    return pair.decibels(clipped) > max(Self.explained, base + Self.better)
  }

  /// Some channels whose weights are others, where the rest is right.
  func foreignChannels(_ odd: [Int]) -> Finding? {
    let strange = odd.filter { abs(cosines[$0] ?? 0) < 0.8 }
    guard let first = strange.first, strange.count == odd.count, 3 * odd.count <= own.count,
      (0..<own.count).allSatisfy({ odd.contains($0) || (cosines[$0] ?? 1) > 0.95 })
    else { return nil }
    let more = strange.count == 1 ? "" : " and \(strange.count - 1) more"
    return finding(
      .foreignWeights,
      "the weights of channel \(first)\(more) have nothing to do with the reference's (cosine "
        + "\((cosines[first] ?? 0).short)), and those of the others are right", channel: first,
      severity: 125)
  }
}

extension ChannelRows {
  /// Which row of `twin` each row is, where some stand in each other's places; nil otherwise.
  func permutation(of twin: ChannelRows) -> [Int]? {
    // All pairs of a layer of thousands of channels take too long.
    guard count <= 1024, count > 1, count == twin.count else { return nil }
    var order = Array(0..<count)
    for row in 0..<count {
      guard let own = cosine(row, with: twin, row), own < 0.9 else { continue }
      let best = (0..<count).map { ($0, cosine(row, with: twin, $0) ?? 0) }.max { $0.1 < $1.1 }
      guard let best, best.1 > 0.9, best.1 > own + 0.05 else { return nil }
      order[row] = best.0
    }
    return Set(order).count == count && order != Array(0..<count) ? order : nil
  }

  var isConstant: Bool {
    let ends = (0..<count).map { range($0) }
    return (ends.map(\.lower).min() ?? 0) == (ends.map(\.upper).max() ?? 0)
  }
}
