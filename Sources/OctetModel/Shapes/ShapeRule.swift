/// The shapes of a node's inputs, with what the definitions of operations ask of them.
struct ShapeRule {
  let node: String
  /// The operation's name.
  let operation: String
  let shapes: [[Int]]

  var count: Int { shapes.count }

  subscript(index: Int) -> [Int] { shapes[index] }

  func invalid(_ reason: String) -> GraphError {
    .invalid(node: node, reason: "\(operation) \(reason)")
  }

  /// Fails unless there are as many inputs as `range` says.
  func requireInputs(_ range: ClosedRange<Int>) throws(GraphError) {
    if range.contains(count) { return }
    let number =
      switch range.upperBound {
      case range.lowerBound: "\(range.lowerBound)"
      case .max: "at least \(range.lowerBound)"
      default: "\(range.lowerBound) to \(range.upperBound)"
      }
    throw invalid("has \(count) inputs, but takes \(number)")
  }

  func requireRank(_ rank: Int, of index: Int, _ name: String) throws(GraphError) {
    if self[index].count != rank {
      throw invalid("needs \(name) with \(rank) dimensions, but its shape is \(self[index])")
    }
  }

  func requireAxis(_ axis: Int, rank: Int) throws(GraphError) {
    if !(0..<rank).contains(axis) {
      throw invalid("has axis \(axis), but its input has \(rank) dimensions")
    }
  }

  /// The shape that `a` and `b` broadcast to, aligned at the last axis.
  func broadcast(_ a: [Int], _ b: [Int]) throws(GraphError) -> [Int] {
    let rank = max(a.count, b.count)
    var result = [Int](repeating: 1, count: rank)
    for k in 0..<rank {
      let x = k < rank - a.count ? 1 : a[k - (rank - a.count)]
      let y = k < rank - b.count ? 1 : b[k - (rank - b.count)]
      if x != y && x != 1 && y != 1 { throw invalid("cannot broadcast \(a) and \(b)") }
      result[k] = x == 1 ? y : x
    }
    return result
  }

  /// The first input without `axes`, or with 1 in their place.
  func reduced(axes: [Int], keepsDimensions: Bool) throws(GraphError) -> [Int] {
    for axis in axes { try requireAxis(axis, rank: self[0].count) }
    let reduced = Set(axes)
    return self[0].indices.compactMap { axis in
      reduced.contains(axis) ? (keepsDimensions ? 1 : nil) : self[0][axis]
    }
  }
}
