import Foundation
import OctetModel

extension Graph {
  /// Divides each channel between layers by the factor that other weights say it was divided by:
  /// what they are of these, in the rows that make the channel and in the columns that read it,
  /// fitted by least squares until nothing changes any more.
  ///
  /// Whatever the factors, every output keeps its value: what was scaled on one side of a channel
  /// alone, which is a fault, cannot be made from these weights.
  ///
  /// - Parameter others: the other weights by node, of the same layouts.
  package mutating func equalizeLayers(like others: [Int: [Float]]) {
    let groups = ChannelGroups(self).groups
    var weights = EqualizedWeights(self, ChannelGroups(self))
    for _ in 0..<100 {
      var change = 0.0
      for group in groups {
        var logarithms: [Double] = []
        for end in group.rows {
          logarithms += weights.ratio(to: others, end, \.rows).map { [-log($0)] } ?? []
        }
        for end in group.columns {
          logarithms += weights.ratio(to: others, end, \.columns).map { [log($0)] } ?? []
        }
        guard !logarithms.isEmpty else { continue }
        let factor = exp(logarithms.reduce(0, +) / Double(logarithms.count))
        weights.scale(group, by: factor)
        change = max(change, abs(factor - 1))
      }
      if change < 1e-4 { break }
    }
    weights.write(into: &self)
  }
}

extension EqualizedWeights {
  /// How many times as large the other weights of a row or column are as these are now; nil where
  /// that is no positive number.
  fileprivate func ratio(
    to others: [Int: [Float]], _ end: ChannelGroups.End, _ ends: KeyPath<Layer, [[Int32]]>
  ) -> Double? {
    guard let layer = layers[end.node], let other = others[end.node] else { return nil }
    var (product, square) = (0.0, 0.0)
    for position in layer[keyPath: ends][end.channel] {
      let own = layer.weight(Int(position))
      product += own * Double(other[Int(position)])
      square += own * own
    }
    let ratio = product / square
    return ratio.isNormal && ratio > 0 ? ratio : nil
  }
}
