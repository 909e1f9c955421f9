import OctetEvaluation
import OctetModel
import OctetReport

/// Weights that are the reference's in another order.
enum WeightOrder {
  /// How alike rows must be to be one row, by the cosine between them.
  private static let sameCosine = 0.9
  private static let otherCosine = 0.7

  /// A clause that says what is exchanged; nil when the weights stand as they should, or are others
  /// altogether.
  static func difference(
    _ own: [Float], _ given: [Float], shape: [Int], axis: Int
  ) -> String? {
    let rows = ChannelRows(own, shape: shape, axis: axis)
    let others = ChannelRows(given, shape: shape, axis: axis)
    let cosines = rows.cosines(with: others).compactMap { $0 }
    let misplaced = cosines.count { $0 < otherCosine }
    guard misplaced > 0 else { return nil }
    for (name, order) in orders(shape, axis: axis) {
      let turned = ChannelRows(order.map { given[$0] }, shape: shape, axis: axis)
      let found = rows.cosines(with: turned).compactMap { $0 }
      if !found.isEmpty, found.allSatisfy({ $0 > sameCosine }) { return name }
    }
    return permutation(rows, others)
  }

  /// Orders of all weights that people mix up, as indices into the reference's.
  private static func orders(_ shape: [Int], axis: Int) -> [(String, [Int])] {
    func order(_ position: ([Int]) -> [Int]) -> [Int] {
      var strides = [Int](repeating: 1, count: shape.count)
      for axis in stride(from: shape.count - 2, through: 0, by: -1) {
        strides[axis] = strides[axis + 1] * shape[axis + 1]
      }
      return (0..<shape.elementCount).map { index in
        let indices = shape.indices.map { index / strides[$0] % shape[$0] }
        return zip(position(indices), strides).reduce(0) { $0 + $1.0 * $1.1 }
      }
    }
    func reversed(_ axes: [Int]) -> ([Int]) -> [Int] {
      { indices in
        indices.indices.map { axes.contains($0) ? shape[$0] - 1 - indices[$0] : indices[$0] }
      }
    }
    if shape.count == 2 {
      return [("the weights of each row stand in reverse order", order(reversed([1])))]
    }
    guard shape.count == 4 else { return [] }
    var result: [(String, [Int])] = []
    if shape[1] > 1 || shape[2] > 1 {
      result += [
        ("its filters are turned by 180°: both axes are reversed", order(reversed([1, 2]))),
        ("its filters are upside down", order(reversed([1]))),
        ("its filters are mirrored", order(reversed([2]))),
      ]
      if shape[1] == shape[2] {
        result.append(
          (
            "its filters are transposed: rows and columns are exchanged",
            order { [$0[0], $0[2], $0[1], $0[3]] }
          ))
      }
    }
    if axis == 0, shape[3] > 1 {
      result.append(("its input channels stand in reverse order", order(reversed([3]))))
      if shape[1] > 1 || shape[2] > 1 {
        result.append(
          ("its filters are reversed along every axis", order(reversed([1, 2, 3]))))
      }
    }
    return result
  }

  /// Rows that stand in each other's places.
  private static func permutation(_ rows: ChannelRows, _ others: ChannelRows) -> String? {
    var sources: [(row: Int, source: Int)] = []
    // All pairs of a layer of thousands of channels take too long.
    guard rows.count <= 1024 else { return nil }
    for row in 0..<rows.count {
      guard let own = rows.cosine(row, with: others, row), own < otherCosine else { continue }
      let best = (0..<others.count).map { ($0, rows.cosine(row, with: others, $0) ?? 0) }
        .max { $0.1 < $1.1 }
      guard let best, best.1 > sameCosine else { return nil }
      sources.append((row, best.0))
    }
    guard let first = sources.first, Set(sources.map(\.source)).count == sources.count,
      Set(sources.map(\.source)) == Set(sources.map(\.row))
    else { return nil }
    return "\(sources.count) of its \(rows.count) output channels are exchanged: channel "
      + "\(first.row) has the weights of the reference's channel \(first.source)"
  }
}
